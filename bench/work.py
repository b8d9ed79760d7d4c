"""One worker process: receives and reconciles schools, and says where its time went."""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import django


@dataclass(frozen=True, slots=True)
class Done:
    """One school's run: outcome, seconds by part (each without the parts inside it), calls, SQL, peak memory in KiB,
    processor seconds of the worker."""

    outcome: str
    parts: Counter[str]
    calls: Counter[str]
    statements: Counter[str]
    peak: int
    processor: float


_parts: Counter[str] = Counter()
_calls: Counter[str] = Counter()
_statements: Counter[str] = Counter()
_inside: list[float] = []


def start() -> None:
    """Readies a worker process: Django, its database connection, and timers round the steps of a run."""
    django.setup()
    from django.db import connection
    from django.db.backends.base.base import BaseDatabaseWrapper
    from procrastinate.contrib.django import app

    from hwb.directory import chain, facts, sets, store
    from hwb.extract import check, wire
    from hwb.jobs import tasks  # noqa: F401 - as the worker and the server have, before anything is delivered
    from hwb.jobs.collector import collect_seldom
    from hwb.jobs.prepared import prepare_statements
    from hwb.lifecycle import planning
    from hwb.operations import due, memory, provisioning, runs

    for place, name, part in (
        (wire, "load", "read body"),
        (wire, "load_again", "read body"),
        (check, "check", "check"),
        (facts, "load", "facts"),
        (planning, "plan_run", "plan"),
        (store, "apply", "apply: gather, keys, copy"),
        (store, "lock_upns", "lock"),
        (store, "lock_chain", "lock"),
        (store, "give_names", "apply: usernames"),
        (chain, "link", "apply: seal and chain"),
        (sets, "send", "apply: set statements"),
        (memory, "remember", "undo memory"),
        (due, "settle_school", "due"),
        (runs, "finish", "result"),
        (facts, "renewed", "facts, again"),
        (provisioning, "receive_snapshot", "receive"),
        (provisioning, "reconcile", "reconcile, other"),
        (app, "configure_task", "receive"),
        (BaseDatabaseWrapper, "_commit", "commit"),
    ):
        setattr(place, name, _timed(getattr(place, name), part))
    collect_seldom()  # as `hwb worker` does
    prepare_statements()
    connection.ensure_connection()


def ready(_number: int) -> None:
    """Something to wait for, so that every worker has started before the clock runs."""
    time.sleep(0.05)


def _timed(function: Callable[..., Any], part: str) -> Callable[..., Any]:
    def timed(*args: Any, **values: Any) -> Any:
        begun = time.perf_counter()
        _inside.append(0.0)
        try:
            return function(*args, **values)
        finally:
            took = time.perf_counter() - begun
            _parts[part] += took - _inside.pop()
            _calls[part] += 1
            if _inside:
                _inside[-1] += took

    return timed


def _watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    begun = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        _statements[sql] += time.perf_counter() - begun


@cache
def _label(sql: Any) -> str:
    return " ".join(str(sql).split())[:90]


def run(body_file: Path, now: datetime, day_shift: int) -> Done:
    """One school from its body: received and reconciled; with `day_shift` the same content as at a later day."""
    from django.db import connection

    from hwb.extract import wire
    from hwb.operations import provisioning

    _parts.clear()
    _calls.clear()
    _statements.clear()
    begun = time.process_time()
    body = body_file.read_bytes()
    if day_shift:
        before = (now - timedelta(days=day_shift)).isoformat().encode()
        body = body.replace(b'"as_at":"' + before, b'"as_at":"' + now.isoformat().encode(), 1)
    run_id = uuid4()
    with connection.execute_wrapper(_watch):
        provisioning.receive_snapshot(
            run_id=run_id, body=body, extract=wire.load(body), preview=False, client_id=None, acting_user="bench",
            now=now,
        )  # fmt: skip
        result = provisioning.reconcile(run_id=run_id, on=now.date(), now=now)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = time.process_time() - begun
    told = Counter({_label(sql): took for sql, took in _statements.items()})
    return Done(result["outcome"], _parts.copy(), _calls.copy(), told, peak, spent)
