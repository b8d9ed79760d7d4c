"""The result of a run as interfaces.md fixes it ("hwb-client run --json")."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from hwb.extract.problems import describe
from hwb.extract.records import MisKind, Problem
from hwb.lifecycle import reasons, tally
from hwb.lifecycle.plan import Counts, Plan


def result_of(
    *, run: str, school: str, as_at: datetime, outcome: str, counts: Counts, plan: Plan | None, mis: MisKind
) -> dict[str, Any]:
    """What is stored of a finished run: counts, and codes from which :func:`shown` makes sentences."""
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
        "problems": [_stored(problem) for item in plan.refused for problem in item.problems] if plan else [],
        "notices": [_stored(problem) for problem in plan.warnings] if plan else [],
        "measured": [asdict(hold) for hold in plan.holds] if plan else [],
        "rules": [list(counted) for counted in tally.tally(plan.changes)] if plan else [],
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
