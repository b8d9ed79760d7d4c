"""What a school has to put right: records that its newest accepted runs refused or warned of (ux.md B5).

A problem stands until a run that covers its kind no longer names it: a run of learners alone says nothing of staff.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.utils.crypto import salted_hmac

from hwb.directory.queries.rows import fetch

#: How many runs back a problem's first day is looked for.
LOOKED_BACK = 60
#: What tells whose record it is, the surest first; a UPN or staff code may be the very thing that is wrong.
_KEYS = ("mis_id", "admission_number", "employee_number")


@dataclass(frozen=True, slots=True)
class Standing:
    """One problem of a record. `since`: when the first of `runs` runs in a row that named it was finished; `many`: it
    was there before all that are looked at. `name` is "" when the run kept none. `mark` says of a warning which one.
    """

    kind: str
    code: str
    record: str
    field: str
    value: str
    values: tuple[tuple[str, str], ...]
    surname: str
    forename: str
    keys: frozenset[str]
    since: datetime | None = None
    runs: int = 1
    many: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class PutRight:
    """A problem that a run no longer names, and when that was."""

    problem: Standing
    at: datetime


@dataclass(frozen=True, slots=True)
class Refusals:
    """`at` and `as_at` are those of the newest accepted run, None before the first; `mis` its kind, `received` its
    records. `hidden` counts warnings that somebody called no mistake.
    """

    at: datetime | None
    as_at: datetime | None
    mis: str
    received: int
    refused: tuple[Standing, ...] = ()
    warned: tuple[Standing, ...] = ()
    hidden: int = 0
    put_right: tuple[PutRight, ...] = field(default=())


def find(*, school: str, since: datetime) -> Refusals:
    """What stands now; `since`: from when on problems that are gone are told."""
    runs = fetch(_RUNS, {"school": school, "number": LOOKED_BACK})
    if not runs:
        return Refusals(None, None, "hwb", 0)
    refused: list[Standing] = []
    warned: list[Standing] = []
    gone: list[PutRight] = []
    for kind in ("learner", "staff"):
        own = [_of_kind(run, kind) for run in runs if kind in run["covers"]]
        if own:
            refused += _with_history(own)
            gone += _gone(own, since)
            warned += [replace(each, mark=mark_of(school, each)) for each in own[0].warned]
    hidden = {row["mark"] for row in fetch(_HIDDEN, {"school": school})} if warned else set()
    newest = runs[0]
    counts = newest["counts"] or {}
    return Refusals(
        newest["finished_at"], newest["as_at"], newest["mis"],
        sum(int(of_kind.get("received", 0)) for of_kind in counts.values()), tuple(refused),
        tuple(each for each in warned if each.mark not in hidden), sum(each.mark in hidden for each in warned),
        tuple(sorted(gone, key=lambda each: each.at, reverse=True)),
    )  # fmt: skip


def mark_of(school: str, problem: Standing) -> str:
    """Tells one warning about one value from every other, without saying either; another value has another mark."""
    text = json.dumps([school, problem.kind, problem.code, problem.record, problem.field, problem.value])
    return salted_hmac("hwb.warning", text, algorithm="sha256").hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Passed:
    """To whom the records with one problem were passed on last, and when; `name` is "" for one who is not known."""

    account: str
    name: str
    at: datetime


def passed_on(*, school: str, since: datetime) -> dict[str, Passed]:
    """By code: what was passed on to whom."""
    rows = fetch(_PASSED, {"school": school, "since": since})
    return {row["task"]: Passed(row["to"], row["name"] or "", row["at"]) for row in rows}


@dataclass(frozen=True, slots=True)
class _Told:
    """What one run says of one kind, with its problems found by person and by record."""

    at: datetime
    problems: tuple[Standing, ...]
    warned: tuple[Standing, ...]
    by_key: frozenset[tuple[str, ...]]
    by_record: frozenset[tuple[str, ...]]
    nameless: frozenset[tuple[str, ...]]

    def names(self, problem: Standing) -> bool:
        """Whether this run has the problem too: by the person where both know it, else by the record's number."""
        about = (problem.code, problem.field)
        if not problem.keys:
            return (*about, problem.record) in self.by_record
        return any((*about, key) in self.by_key for key in problem.keys) or (*about, problem.record) in self.nameless


def _of_kind(run: Mapping[str, Any], kind: str) -> _Told:
    people = {item["record"]: item for item in run["people"] or () if item["kind"] == kind}
    problems = tuple(_problem(item, people) for item in run["problems"] or () if item["kind"] == kind)
    warned = tuple(_problem(item, {}) for item in run["notices"] or () if item["kind"] == kind)
    return _Told(
        run["finished_at"], problems, warned,
        frozenset((each.code, each.field, key) for each in problems for key in each.keys),
        frozenset((each.code, each.field, each.record) for each in problems),
        frozenset((each.code, each.field, each.record) for each in problems if not each.keys),
    )  # fmt: skip


def _problem(item: Mapping[str, Any], people: Mapping[str, Mapping[str, str]]) -> Standing:
    person = people.get(item["record"], {})
    keys = [f"{name} {person[name]}" for name in _KEYS if person.get(name)]
    if not keys and person.get("legal_surname"):
        keys = [f"name {person['legal_surname']}, {person.get('legal_forename', '')}"]
    return Standing(
        item["kind"], item["code"], item["record"], item["field"], item["value"],
        tuple((key, value) for key, value in item["values"]), person.get("legal_surname", ""),
        person.get("legal_forename", ""), frozenset(keys[:1]),
    )  # fmt: skip


def _with_history(told: Sequence[_Told]) -> Iterable[Standing]:
    """The newest run's problems, each with how long it has stood."""
    for problem in told[0].problems:
        runs = 1
        while runs < len(told) and told[runs].names(problem):
            runs += 1
        yield replace(problem, since=told[runs - 1].at, runs=runs, many=runs == LOOKED_BACK)


def _gone(told: Sequence[_Told], since: datetime) -> Iterable[PutRight]:
    """Problems that stood at some time since then and do not any more, each at the last run that ended it."""
    seen: set[tuple[str, ...]] = set()
    for newer, older in pairwise(told):
        if newer.at < since:
            return
        for problem in older.problems:
            key = (problem.code, problem.field, *sorted(problem.keys or {problem.record}))
            if key in seen or newer.names(problem) or told[0].names(problem):
                continue
            seen.add(key)
            yield PutRight(problem, newer.at)


def problems_marked(school: str, mark: str) -> Collection[Standing]:
    """The warning with this mark among those of the newest runs; none when it is gone."""
    runs = fetch(_RUNS, {"school": school, "number": LOOKED_BACK})
    for kind in ("learner", "staff"):
        newest = next((run for run in runs if kind in run["covers"]), None)
        if newest is not None:
            found = [each for each in _of_kind(newest, kind).warned if mark_of(school, each) == mark]
            if found:
                return found
    return ()


# Notices are read of the newest runs only, but a run of learners alone may stand before one with staff.
_RUNS = """
SELECT finished_at, as_at, mis, covers, result -> 'counts' AS counts, result -> 'problems' AS problems,
       result -> 'people' AS people, result -> 'notices' AS notices
FROM run WHERE school = %(school)s AND accepted_no IS NOT NULL AND state IN ('applied', 'no change')
ORDER BY accepted_no DESC LIMIT %(number)s
"""
_HIDDEN = "SELECT mark FROM hidden_warning WHERE school = %(school)s"
_PASSED = """
SELECT DISTINCT ON (d.task) d.task, d.at, d."to",
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name
FROM (SELECT l.at, l.seq, l.details::jsonb -> 'after' ->> 'task' AS task, l.details::jsonb -> 'after' ->> 'to' AS "to"
      FROM audit l WHERE l.chain = %(school)s AND l.action = 'task passed on' AND l.at >= %(since)s) d
LEFT JOIN account a ON a.id = d."to"::uuid
ORDER BY d.task, d.seq DESC
"""
