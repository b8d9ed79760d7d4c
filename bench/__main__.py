"""`make bench`: writes build/bench.json. HWB_BENCH_LEARNERS and HWB_BENCH_WORKERS make it smaller, HWB_BENCH_PARTS
(nation, pages, sign_in, arrivals) choose from it; without "nation" the first load alone is done, for the others."""

# ruff: noqa: T201 - it reports to whoever started it
from __future__ import annotations

import json
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import work
from bench.nation import DAY_AFTER, JULY, NATION, SEPTEMBER, Nation
from hwb import embedded
from hwb.extract import wire
from hwb.extract.records import Extract

_RESULT = Path("build/bench.json")
_STAGES = (("nation_first_load", "july", JULY, 0), ("nation_september", "september", SEPTEMBER, 0),
           ("nation_unchanged", "september", DAY_AFTER, 1))  # fmt: skip
_PARTS = ("nation", "pages", "rosters", "sign_in", "arrivals")
_MEMORY_LIMIT = 400
#: The issue's targets, for a whole nation on two cores: seconds, and times the raw limit.
_TARGETS: dict[str, tuple[float | None, float | None]] = {
    "nation_first_load": (None, None), "nation_september": (60, 6), "nation_unchanged": (10, None),
}  # fmt: skip


def main() -> None:
    learners = int(os.environ.get("HWB_BENCH_LEARNERS", NATION))
    workers = int(os.environ.get("HWB_BENCH_WORKERS", "2"))
    folder = Path(tempfile.mkdtemp(prefix="hwb-bench-"))
    folder.chmod(0o711)  # PostgreSQL's user passes through when this runs as root
    os.environ["HWB_HOME"] = str(folder / "home")
    os.environ.pop("HWB_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "hwb.config.settings"
    try:
        _bench(folder, learners, workers)
    finally:
        if (folder / "home").exists():
            embedded.remove(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


def _bench(folder: Path, learners: int, workers: int) -> None:
    parts = _parts()
    nation = Nation(learners)
    bodies = _write_bodies(folder, nation, parts)
    schools = [(school.dfes, school.phase) for school in nation.schools]
    _prepare(schools)
    from bench import raw

    raw.prepare()
    context = multiprocessing.get_context("spawn")
    lines: list[dict[str, Any]] = []
    peak = 0
    for name, which, now, shift in _STAGES if "nation" in parts else _STAGES[:1]:
        limit = raw.load(bodies[which])
        before = _postgresql_seconds()
        with ProcessPoolExecutor(workers, mp_context=context, initializer=work.start) as pool:
            list(pool.map(work.ready, range(workers * 4)))  # started, before the clock runs
            begun = time.perf_counter()
            jobs = [pool.submit(work.run, path, now, shift) for path in bodies[which]]
            done = [job.result() for job in jobs]
            took = time.perf_counter() - begun
        peak = max(peak, *(one.peak for one in done))
        lines.append(_line(name, took, "s", limit))
        _tell(name, took, limit, done)
        print(f"  processor: workers {sum(one.processor for one in done):.1f} s, "
              f"PostgreSQL {_postgresql_seconds() - before:.1f} s")  # fmt: skip
        _judge(name, done)
    lines.append(_line("worker_peak_memory", peak / 1024, "MiB", _MEMORY_LIMIT))
    lines += _of_people(folder, nation, parts, workers)
    _close(lines, learners, len(schools), workers)


def _of_people(folder: Path, nation: Nation, parts: frozenset[str], workers: int) -> list[dict[str, Any]]:
    """What people do in the nation that was just loaded: pages, sign-ins."""
    from django.db import connection

    from bench import arrivals, pages, rosters, sign_in

    os.environ["HWB_NOW"] = pages.NOW.isoformat()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what autovacuum does in a day, between a nation's load and its users
    lines: list[dict[str, Any]] = []
    if "pages" in parts:
        lines += pages.measure([(school.dfes, school.phase) for school in nation.schools])
    if "rosters" in parts:
        lines += rosters.measure()
    if "sign_in" in parts:
        lines += sign_in.measure()
    if "arrivals" in parts:
        lines += arrivals.measure(nation, partial(_september, folder), workers)
    return lines


def _parts() -> frozenset[str]:
    stated = frozenset(os.environ.get("HWB_BENCH_PARTS", " ".join(_PARTS)).replace(",", " ").split())
    if stated - set(_PARTS):
        raise SystemExit(f"HWB_BENCH_PARTS has {', '.join(_PARTS)}")
    return stated


def _postgresql_seconds() -> float:
    """Processor seconds of the embedded database so far: those of backends that have ended, and of the rest."""
    home = Path(os.environ["HWB_HOME"])
    first = next(home.rglob("postmaster.pid")).read_text().split()[0]
    fields = Path(f"/proc/{first}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _line(name: str, value: float, unit: str, limit: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "limit": round(limit, 2),
            "ratio": round(value / limit, 2)}  # fmt: skip


def _write_bodies(folder: Path, nation: Nation, parts: frozenset[str]) -> dict[str, list[Path]]:
    people, staff = (sum(len(getattr(school, kind)) for school in nation.schools) for kind in ("learners", "staff"))
    print(f"{people:,} learners, {staff:,} staff, {len(nation.schools):,} schools", flush=True)
    bodies = {"july": _write(folder, "july", nation.july())}
    if "nation" in parts:
        bodies["september"] = _write(folder, "september", nation.september())
    return bodies


def _september(folder: Path, name: str, nation: Nation) -> list[Path]:
    return _write(folder, name, nation.september())


def _write(folder: Path, name: str, extracts: Iterable[Extract]) -> list[Path]:
    paths = []
    for extract in extracts:
        paths.append(folder / f"{name}-{extract.school}.json")
        paths[-1].write_bytes(wire.dump(extract))
    return paths


def _prepare(schools: list[tuple[str, str]]) -> None:
    embedded.ensure(Path(os.environ["HWB_HOME"]))
    import django

    django.setup()
    from django.db import connection

    from hwb.cli.migrate import migrate_database

    migrate_database()
    from hwb.directory.models import Establishment

    Establishment.objects.bulk_create(Establishment(dfes=dfes, name_en=dfes, phase=phase) for dfes, phase in schools)
    connection.ensure_connection()


def _tell(name: str, took: float, limit: float, done: list[work.Done]) -> None:
    outcomes = dict(Counter(one.outcome for one in done))
    print(f"\n{name}: {took:.2f} s; raw limit {limit:.2f} s; {took / limit:.1f} times; {outcomes}")
    parts, calls, statements = Counter[str](), Counter[str](), Counter[str]()
    for one in done:
        parts.update(one.parts)
        calls.update(one.calls)
        statements.update(one.statements)
    whole = sum(parts.values())
    for part, seconds in parts.most_common():
        print(f"  {part:28} {seconds:8.2f} s {100 * seconds / whole:5.1f} % {calls[part]:8,} calls")
    print("  SQL inside these, slowest first:")
    for statement, seconds in statements.most_common(8):
        print(f"    {seconds:8.2f} s  {statement}")


def _judge(name: str, done: list[work.Done]) -> None:
    """A fast run that did not do the work measures nothing: every school applied, everybody held once, none waiting."""
    from django.db import connection

    expected = "no change" if name == "nation_unchanged" else "applied"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM account WHERE active),"
            " (SELECT count(DISTINCT account) FROM placement WHERE ended IS NULL),"
            " (SELECT count(*) FROM wait), (SELECT count(*) FROM audit)"
        )
        active, placed, waiting, entries = cursor.fetchone()
    print(
        f"  {active:,} active accounts, {placed:,} placed, {waiting:,} waiting, {entries:,} audit entries", flush=True
    )
    if waiting or {one.outcome for one in done} != {expected}:
        raise SystemExit(f"{name}: not every school was {expected}, or somebody waits")


def _close(lines: list[dict[str, Any]], learners: int, schools: int, workers: int) -> None:
    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(lines, indent=1) + "\n")
    print(f"\n{datetime.now().astimezone():%Y-%m-%d %H:%M}, {learners:,} learners, {schools:,} schools, "
          f"{workers} workers, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    for line in lines:
        print(f"{line['name']:22} {line['value']:9.2f} {line['unit']:3}  limit {line['limit']:9.2f}  "
              f"ratio {line['ratio']:6.2f}  {_verdict(line, learners)}")  # fmt: skip
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"this process, which holds the nation and is no worker: {own:.0f} MiB")


def _verdict(line: dict[str, Any], learners: int) -> str:
    from bench import sign_in

    if line["name"] == "worker_peak_memory":
        return "met" if line["value"] < _MEMORY_LIMIT else "missed"
    if line["name"] == "oneroster_users_page":
        from bench import rosters

        return "met" if rosters.is_right(line) else "missed"
    if "queries" in line:
        return _verdict_of_page(line)
    if line["name"].startswith("sign_in"):
        return sign_in.verdict(line)
    seconds, times = _TARGETS.get(line["name"], (None, None))
    if seconds is None and times is None:
        return ""
    if learners < NATION:
        seconds = None
    met = (seconds is None or line["value"] < seconds) and (times is None or line["ratio"] <= times)
    return "" if seconds is None and times is None else ("met" if met else "missed")


def _verdict_of_page(line: dict[str, Any]) -> str:
    from bench import pages

    met = pages.Measured(line["name"], line["value"], line["queries"], line["bytes"]).is_right()
    return f"{'met' if met else 'missed'}: {line['queries']} queries, {line['bytes']:,} bytes"


if __name__ == "__main__":
    main()
