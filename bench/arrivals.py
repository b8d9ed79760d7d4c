"""One school's thousand learners sign in, evenly over five minutes, while the nation moves up a year.

The rollover is the bench's own: the September of the next year, and of the one after it until the last learner is in,
so that no sign-in finds a machine at rest. Each visit is the page, its form sent, and the pages it leads to; its time
counts from when the learner comes, also when the browsers of the bench are late. Learners whom the rollover releases
meanwhile are shown that their account is switched off, which is as right an answer.
"""

# ruff: noqa: T201 - it reports to whoever started it
from __future__ import annotations

import math
import multiprocessing
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import servers, sign_in, work
from bench.browser import Browser
from bench.nation import NATION, Nation, opening

#: Seconds; HWB_BENCH_ARRIVALS makes it shorter, for trying, with as many learners a second.
SECONDS = float(os.environ.get("HWB_BENCH_ARRIVALS", "300"))
LEARNERS = round(1_000 * SECONDS / 300)
P95 = 1.5
#: No rollover of a nation is faster on two workers.
_FASTEST = 50.0
_BROWSERS = 40
_LEADS = 4  # a sign-in leads over so many addresses at the most

_Moving = tuple[threading.Thread, Counter[str]]
Write = Callable[[str, Nation], list[Path]]


def measure(nation: Nation, write: Write, workers: int) -> list[dict[str, Any]]:
    """Lines for build/bench.json: the p95 of a whole visit and of the form sent, in seconds."""
    school = max(nation.secondaries, key=lambda one: len(one.learners)).dfes
    names = sign_in.give_password(LEARNERS, school)
    rollovers = list(_rollovers(nation, write))
    port = servers.free_port()
    with servers.serving(servers.hwb(port), port), _moving_up(rollovers, workers) as (moving, outcomes):
        visits = _visits(port, names)
        went_on = moving.is_alive()
    print(f"\nrollovers meanwhile: {dict(outcomes)} of {len(nation.schools):,} schools a year")
    if set(outcomes) != {"applied"} or not went_on:
        raise SystemExit("sign_in_arrivals: schools were not moved up all the time")
    return _told(visits, school, len(names))


def _rollovers(nation: Nation, write: Write) -> Iterator[tuple[datetime, list[Path]]]:
    """As many Septembers as the time may take, written beforehand."""
    people = sum(len(school.learners) for school in nation.schools)
    for _ in range(math.ceil(SECONDS / (_FASTEST * people / NATION))):
        year = nation.year
        yield opening(year), write(f"september-{year}", nation)


@contextmanager
def _moving_up(rollovers: list[tuple[datetime, list[Path]]], workers: int) -> Iterator[_Moving]:
    """The rollovers one after the other, until nobody needs them any more; what came of them."""
    over, outcomes = threading.Event(), Counter[str]()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=work.start) as pool:
        list(pool.map(work.ready, range(workers * 4)))

        def move_up() -> None:
            for now, bodies in rollovers:
                turn = iter(bodies)
                with ThreadPoolExecutor(workers) as feeding:
                    fed = [feeding.submit(_feed, pool, turn, now, over, outcomes) for _ in range(workers)]
                for one in fed:
                    one.result()
                if over.is_set():
                    return
                print(f"  the nation has moved up at {now:%Y}", flush=True)

        moving = threading.Thread(target=move_up)
        moving.start()
        try:
            yield moving, outcomes
        finally:
            over.set()
            moving.join()


def _feed(
    pool: ProcessPoolExecutor, bodies: Iterator[Path], now: datetime, over: threading.Event, outcomes: Counter[str]
) -> None:
    for body in bodies:
        if over.is_set():
            return
        outcomes[pool.submit(work.run, body, now, 0).result().outcome] += 1


def _visits(port: int, names: list[str]) -> list[tuple[str, float, float]]:
    """Outcome, seconds from coming to the last page, seconds of the form sent: of each learner."""
    begun = time.perf_counter()

    def come(number: int) -> tuple[str, float, float]:
        comes = begun + number * SECONDS / LEARNERS
        return _visit(port, names[number % len(names)], comes)

    with ThreadPoolExecutor(_BROWSERS) as browsers:
        coming = []
        for number in range(LEARNERS):
            time.sleep(max(0.0, begun + number * SECONDS / LEARNERS - time.perf_counter()))
            coming.append(browsers.submit(come, number))
        return [one.result() for one in coming]


def _visit(port: int, name: str, comes: float) -> tuple[str, float, float]:
    browser = Browser(port)
    sent = time.perf_counter()
    answer = browser.sign_in(name, sign_in.PASSWORD)
    form = time.perf_counter() - sent
    outcome = "signed in" if answer.status == 302 else _why(answer.body)
    for _ in range(_LEADS):
        if answer.status != 302:
            break
        answer = browser.ask(answer.to)
    browser.leave()
    if answer.status != 200:
        outcome = f"answered {answer.status}"
    return outcome, time.perf_counter() - comes, form


def _why(page: bytes) -> str:
    return "switched off" if b"not switched on" in page else "refused"


def _told(visits: list[tuple[str, float, float]], school: str, people: int) -> list[dict[str, Any]]:
    whole, form = (sorted(visit[place] for visit in visits) for place in (1, 2))
    outcomes = dict(Counter(visit[0] for visit in visits))
    at = math.ceil(len(visits) * 0.95) - 1
    print(f"\n{len(visits):,} sign-ins of {people:,} learners of {school} in {SECONDS:.0f} s of rollovers: {outcomes}")
    print(f"  page, form and the pages after it: median {whole[len(whole) // 2]:.2f} s, p95 {whole[at]:.2f} s, longest"
          f" {whole[-1]:.2f} s; page and form alone: p95 {form[at]:.2f} s", flush=True)  # fmt: skip
    if set(outcomes) - {"signed in", "switched off"}:
        raise SystemExit("sign_in_arrivals: somebody was refused")
    return [{"name": "sign_in_arrivals", "value": round(whole[at], 2), "unit": "s", "limit": P95,
             "ratio": round(whole[at] / P95, 2)}]  # fmt: skip
