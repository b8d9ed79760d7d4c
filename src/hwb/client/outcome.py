"""The result object of ``run``, ``preview`` and ``check``, and the exit code that it means (interfaces.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hwb.extract.check import check
from hwb.extract.problems import WORDINGS, describe
from hwb.extract.records import Extract, Problem
from hwb.extract.texts import Language

APPLIED, SOME_REFUSED, HELD, REFUSED_WHOLE, AWAY, INTERRUPTED = 0, 3, 4, 5, 7, 130
_CODES = {"applied": APPLIED, "no change": APPLIED, "held": HELD, "refused": REFUSED_WHOLE, "spooled": AWAY}
_PARTS = ("record", "field", "value", "needed", "fix")
COUNTS = ("created", "updated", "claimed", "released", "waiting", "missing")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to: the object for ``--json``, the exit code, and what is said of it besides."""

    result: dict[str, Any]
    code: int
    text: str = ""


def blank(*, school: str, outcome: str, run: str = "", as_at: str = "", preview: bool = False) -> dict[str, Any]:
    """The object of a run of which the server knows no result."""
    result: dict[str, Any] = {"run": run, "school": school, "as_at": as_at, "outcome": outcome}
    result |= dict.fromkeys(COUNTS, 0)
    result |= {"refused": [], "holds": [], "warnings": []}
    if preview:
        result |= {"preview": True, "by_rule": []}
    return result


def warned(result: dict[str, Any], code: str, text: str) -> dict[str, Any]:
    """The object with one more warning: why there is no result, for whoever reads only the object."""
    return {**result, "warnings": [*result["warnings"], {"code": code, "text": text}]}


def of_result(result: dict[str, Any]) -> Outcome:
    """The server's result with its exit code; some refused records make 3 of a 0."""
    code = _CODES.get(str(result["outcome"]), 1)
    return Outcome(result, SOME_REFUSED if code == APPLIED and result["refused"] else code)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the client itself can say about an extract: described problems, with code and sentence."""

    refused: tuple[dict[str, str], ...]
    warnings: tuple[dict[str, str], ...]
    learners: int
    staff: int

    def outcome(self, extract: Extract) -> Outcome:
        """What ``check`` says: 0 fine, 3 refusals."""
        result = blank(school=extract.school, outcome="checked", as_at=extract.as_at.isoformat())
        result["refused"] = [{part: item[part] for part in _PARTS} for item in self.refused]
        result["warnings"] = [{"code": item["code"], "text": warning_text(item)} for item in self.warnings]
        return Outcome(result, SOME_REFUSED if self.refused else APPLIED)


def judge(extract: Extract, *, language: Language) -> Judgement:
    """The records judged as the server will judge them."""
    snapshot = check(extract)

    def described(problem: Problem) -> dict[str, str]:
        return describe(problem, mis=extract.mis, language=language)

    return Judgement(
        tuple(described(problem) for item in snapshot.refused for problem in item.problems),
        tuple(described(problem) for problem in snapshot.warnings if problem.code in WORDINGS),
        len(extract.learners),
        len(extract.staff),
    )


def warning_text(item: dict[str, str]) -> str:
    return f"{item['record']}: {item['sentence']}" if item["record"] else item["sentence"]
