"""The result of a run as interfaces.md fixes it ("hwb-client run --json")."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from hwb.extract.problems import describe
from hwb.extract.records import MisKind, Problem, Refused
from hwb.lifecycle import reasons, tally
from hwb.lifecycle.plan import Plan

_KEYS = (
    "upn", "former_upn", "mis_id", "admission_number", "staff_code", "employee_number", "legal_surname",
    "legal_forename",
)  # fmt: skip


def result_of(*, run: str, school: str, as_at: datetime, outcome: str, plan: Plan, mis: MisKind) -> dict[str, Any]:
    """What is stored of a finished run: counts, and codes from which :func:`shown` makes sentences.

    ``counts`` and ``movement`` are for the run's page: every record received by what became of it, learners and staff
    apart (I15), and learners held before by year group, before and after. A run that a digest alone found to change
    nothing has no ``movement``.
    """
    counts = plan.counts
    return {
        "run": run,
        "school": school,
        "as_at": as_at.isoformat(),
        "outcome": outcome,
        "created": counts.created,
        "updated": counts.updated + counts.reactivated,
        "released": counts.released,
        "claimed": counts.claimed,
        "waiting": counts.waiting,
        "missing": counts.missing,
        "mis": mis,
        "counts": {"learner": asdict(plan.learner_counts), "staff": asdict(plan.staff_counts)},
        "movement": [asdict(item) for item in plan.movement],
        "problems": [_stored(problem) for item in plan.refused for problem in item.problems],
        "people": [_person(item) for item in plan.refused],
        "notices": [_stored(problem) for problem in plan.warnings],
        "measured": [asdict(hold) for hold in plan.holds],
        "rules": [list(counted) for counted in tally.tally(plan.changes)],
    }


def shown(stored: dict[str, Any], *, language: str, preview: bool = False) -> dict[str, Any]:
    """The object of interfaces.md in one language. ``refused`` has one item for each field that refuses a record."""
    mis = stored["mis"]
    kept = ("run", "school", "as_at", "outcome", "created", "updated", "released", "claimed", "waiting", "missing")
    result: dict[str, Any] = {key: stored[key] for key in kept}
    described = [describe(problem_of(item), mis=mis, language=language) for item in stored["problems"]]
    result["refused"] = [{key: d[key] for key in ("record", "field", "value", "needed", "fix")} for d in described]
    result["holds"] = [
        {
            "check": hold["check"],
            "measured": hold["measured"],
            "limit": f"{hold['limit_number']} {hold['limit_share']:.0%}",
            "text": reasons.hold_sentence(
                hold["check"], measured=hold["measured"], base=hold["base"], cause=hold["cause"],
                values=dict(hold["values"]), language=language,
            ),
        }
        for hold in stored["measured"]
    ]  # fmt: skip
    result["warnings"] = [
        {"code": item["code"], "text": describe(problem_of(item), mis=mis, language=language)["sentence"]}
        for item in stored["notices"]
    ]
    if preview:
        result["preview"] = True
        result["by_rule"] = [
            {"rule": rule, "count": count, "text": tally.sentence(rule, kind, language=language)}
            for rule, kind, count in stored.get("rules", ())
        ]
    return result


def _person(item: Refused) -> dict[str, str]:
    """Whose record was refused, so that its person can be told why: the keys that tie it to somebody, and the name.

    Kept only as long as the run can be undone (:mod:`hwb.operations.runs`); R38 finds it by UPN.
    """
    found = {"kind": str(item.kind), "record": item.record}
    return found | {name: value for name in _KEYS if (value := getattr(item, name))}


def _stored(problem: Problem) -> dict[str, Any]:
    """As ``asdict``, at a twentieth of its cost: a school may have a warning for everybody."""
    return {
        "code": problem.code, "record": problem.record, "field": problem.field, "value": problem.value,
        "kind": problem.kind, "values": problem.values,
    }  # fmt: skip


def problem_of(item: dict[str, Any]) -> Problem:
    """A problem as it was stored."""
    values = tuple((key, value) for key, value in item["values"])
    return Problem(item["code"], item["record"], item["field"], item["value"], item["kind"], values)
