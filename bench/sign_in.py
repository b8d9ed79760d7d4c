"""Sign-ins a second over HTTP, in turn with the hashes a second that the same threads reach alone.

Each is a fresh jar, the page, and its form sent; half come from devices that know the account. Our server, the limit
and a bare view take short turns, so that other work on the machine falls on all of them. Processor time is that of the
server's and the database's processes as the kernel counts it; the browser's is not in it, but takes its part of the
machine.
"""

# ruff: noqa: T201 - it reports to whoever started it
from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench import processor, servers
from bench.browser import Browser
from bench.servers import Server

TURNS = int(os.environ.get("HWB_BENCH_TURNS", "6"))
#: Seconds of one turn of each.
SECONDS = 4.0
#: Two for each thread of the server, so that none is idle.
BROWSERS = 8
SHARE, BESIDE = 0.65, 12.0
PASSWORD = "tonnau pensil garlleg"  # noqa: S105 - of people who are made up and gone with the database
_PEOPLE = 2_000


@dataclass(frozen=True, slots=True)
class Turn:
    """So many in so many seconds, for so much processor time of servers and database, and of the browsers."""

    done: int
    seconds: float
    processor: float
    database: float = 0.0
    browsers: float = 0.0

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    @property
    def each(self) -> float:
        """Milliseconds of processor time for one, the database's too."""
        return (self.processor + self.database) * 1000 / self.done


def measure() -> list[dict[str, Any]]:
    """Lines for build/bench.json: `sign_in` and `sign_in_bare` against the limit, and `sign_in_processor`."""
    from django.conf import settings

    names = give_password(_PEOPLE)
    ports = servers.free_port(), servers.free_port()
    threads = settings.HWB_WEB_THREADS
    turns: dict[str, list[Turn]] = {name: [] for name in ("hash", "unknown", "known", "bare")}
    context = multiprocessing.get_context("spawn")
    with (
        servers.serving(servers.hwb(ports[0]), ports[0]) as ours,
        servers.serving(servers.bare(ports[1]), ports[1]) as bare,
        ProcessPoolExecutor(1, mp_context=context) as hashing,
    ):
        signing, plain = _Signing(ours, names), _Signing(bare, names)
        take = {
            "hash": lambda seconds: hashing.submit(hash_for, seconds, threads).result(),
            "unknown": lambda seconds: _turn(ours, signing.unknown, seconds),
            "known": lambda seconds: _turn(ours, signing.known, seconds),
            "bare": lambda seconds: _turn(bare, plain.unknown, seconds),
        }
        for name in take:
            take[name](SECONDS / 4)  # warm
        for _ in range(TURNS):
            for name in take:
                turns[name].append(take[name](SECONDS))
    return _told(turns, threads)


def give_password(people: int, school: str | None = None) -> list[str]:
    """Gives learners of secondary schools, or of one school, a password that they chose; their usernames."""
    from django.db import connection

    from hwb.operations.passwords import storing

    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN, [school, people, storing.hashed(PASSWORD)])
        return [name for (name,) in cursor.fetchall()]


def verdict(line: dict[str, Any]) -> str:
    """Whether a line of this part, or of the arrivals, is within the issue's targets; the bare view has none."""
    if line["name"].startswith("sign_in_bare"):
        return ""
    met = line["ratio"] >= SHARE if line["unit"] == "/s" else line["value"] <= line["limit"]
    return "met" if met else "missed"


def hash_for(seconds: float, threads: int) -> Turn:
    """In a process of its own: as many threads as the server has look at passwords as fast as they can."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    from hwb.config.hashing import LightArgon2Hasher

    hasher: Argon2PasswordHasher = LightArgon2Hasher()
    kept = hasher.encode(PASSWORD, "a salt of the bench")
    return _busy(lambda _: hasher.verify(PASSWORD, kept), seconds, threads, time.process_time)


class _Signing:
    """One server's people: each sign-in takes the next; a device that knows them is the one they signed in on first."""

    def __init__(self, server: Server, names: Sequence[str]) -> None:
        self._port = server.port
        self._names = names
        self._next, self._again = count(), count()
        self._devices: dict[str, dict[str, str]] = {}

    def unknown(self, _number: int) -> None:
        name = self._names[next(self._next) % len(self._names)]
        self._devices[name] = self._sign_in(name, {})

    def known(self, _number: int) -> None:
        name = self._names[next(self._again) % max(1, min(len(self._devices), len(self._names)))]
        self._sign_in(name, self._devices.get(name, {}))

    def _sign_in(self, name: str, cookies: dict[str, str]) -> dict[str, str]:
        browser = Browser(self._port, dict(cookies))
        answer = browser.sign_in(name, PASSWORD)
        browser.leave()
        if answer.status != 302 or "sessionid" not in browser.cookies:
            raise SystemExit(f"{name} could not sign in: {answer.status}")
        return browser.device()


def _turn(server: Server, act: Callable[[int], object], seconds: float) -> Turn:
    home = Path(os.environ["HWB_HOME"])
    before, database = processor.seconds_below(server.process), processor.of_database(home)
    turn = _busy(act, seconds, BROWSERS, time.process_time)
    return Turn(
        turn.done, turn.seconds, processor.seconds_below(server.process) - before,
        processor.of_database(home) - database, turn.processor,
    )  # fmt: skip


def _busy(act: Callable[[int], object], seconds: float, threads: int, clock: Callable[[], float]) -> Turn:
    """Does it in so many threads until the time is over; what was begun is finished."""
    begun, spent = time.perf_counter(), clock()
    until = begun + seconds

    def work(number: int) -> int:
        done = 0
        while time.perf_counter() < until:
            act(number)
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return Turn(done, time.perf_counter() - begun, clock() - spent)


def _told(turns: dict[str, list[Turn]], threads: int) -> list[dict[str, Any]]:
    print(f"\nsign-in over HTTP: one web process of {threads} threads; {TURNS} turns of {SECONDS:.0f} s each")
    for name, taken in turns.items():
        done = sum(turn.done for turn in taken)
        parts = [sum(getattr(turn, part) for turn in taken) * 1000 / done for part in _PARTS]
        print(f"  {name:8} {_rate(taken):6.1f}/s; processor: server {parts[0]:5.1f} ms,"
              f" PostgreSQL {parts[1]:4.1f} ms, browser {parts[2]:4.1f} ms", flush=True)  # fmt: skip
    limit, bare = (_rate(turns[name]) for name in ("hash", "bare"))
    ours = [*turns["unknown"], *turns["known"]]
    beside = _each(ours) - _each(turns["hash"])
    return [
        _line("sign_in", _rate(ours), "/s", limit),
        _line("sign_in_bare", bare, "/s", limit),
        _line("sign_in_processor", beside, "ms", BESIDE),
        _line("sign_in_bare_processor", _each(turns["bare"]) - _each(turns["hash"]), "ms", BESIDE),
    ]


def _rate(turns: Sequence[Turn]) -> float:
    return statistics.median(turn.rate for turn in turns)


def _each(turns: Sequence[Turn]) -> float:
    return sum(turn.each * turn.done for turn in turns) / sum(turn.done for turn in turns)


def _line(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "limit": round(limit, 2),
            "ratio": round(value / limit, 2)}  # fmt: skip


_PARTS = ("processor", "database", "browsers")
_CHOSEN = """
WITH chosen AS (
    SELECT a.id FROM account a JOIN placement p ON p.account = a.id AND p.ended IS NULL AND p.role = 'holding'
    JOIN establishment e ON e.dfes = p.school AND e.phase = 'secondary'
    WHERE a.active AND a.kind = 'learner' AND p.school = coalesce(%s, p.school)
    ORDER BY md5(a.id::text) LIMIT %s
), forgotten AS (
    DELETE FROM first_password f USING chosen WHERE f.account = chosen.id
)
UPDATE account a SET password = hashed.text FROM chosen, (SELECT %s::text AS text) AS hashed
WHERE a.id = chosen.id RETURNING a.username
"""
