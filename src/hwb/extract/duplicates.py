"""Rows of one extract that speak of the same person, or that give one key to two (R20, R21; ux.md 9.5 L03, S03).

Refused rows take part: a row that cannot be used says all the same that the key is in use, and that its person
is still here. Otherwise an old row with a leaving date would release somebody whose present row was refused (R32).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from hwb.extract.fields import read_date, show
from hwb.extract.findings import EARLIEST_LEAVING_YEAR
from hwb.extract.records import (
    LEARNER_COLUMNS,
    STAFF_COLUMNS,
    Kind,
    LearnerRecord,
    Problem,
    Refused,
    Row,
    StaffRecord,
)
from hwb.identifiers import upn_fault

_COLUMNS: dict[Kind, tuple[str, ...]] = {"learner": LEARNER_COLUMNS, "staff": STAFF_COLUMNS}
_REPEATED: dict[Kind, tuple[str, str]] = {"learner": ("L28", "upn"), "staff": ("S20", "staff_code")}


@dataclass(slots=True, eq=False)
class Judged:
    """One row and what became of it. ``spare``: another row says all that is needed of this person."""

    row: Row
    result: LearnerRecord | StaffRecord | Refused
    kind: Kind
    spare: bool = False

    def text(self, column: str) -> str:
        """The row's trimmed text in a column, "" in a row without its columns."""
        position = _COLUMNS[self.kind].index(column) + 1
        return self.row[position].strip() if len(self.row) == len(_COLUMNS[self.kind]) + 1 else ""

    def leaving(self) -> date | None:
        found = read_date(self.text("leaving_date"))
        return found if found is not None and found.year >= EARLIEST_LEAVING_YEAR else None

    def has_left(self, day: date) -> bool:
        leaving = self.leaving()
        return leaving is not None and leaving < day


def settle_learners(rows: list[Judged], *, day: date, warnings: list[Problem]) -> None:
    """Of one person's rows for a UPN one is kept; a UPN of different people refuses them all."""
    for upn, group in _groups(rows, _upn):
        if not _one_remains(group, day, warnings):
            _refuse(group, "L03", "upn", upn)


def settle_staff(rows: list[Judged], *, day: date, warnings: list[Problem]) -> None:
    """One code for two people who have not left refuses both (R20); so does one MIS id or number (R21)."""
    for _, group in _groups(rows, lambda item: item.row[1:]):
        _spare_copies(group, warnings)
    for code, group in _groups(rows, lambda item: "" if item.has_left(day) else _staff_code(item)):
        _refuse(group, "S03", "staff_code", code)
    for column in ("mis_id", "employee_number"):
        for value, group in _groups(rows, partial(Judged.text, column=column)):
            if not _one_remains(group, day, warnings):
                _refuse(group, "S03", column, value)


def _upn(item: Judged) -> str:
    if isinstance(item.result, StaffRecord):
        return ""
    upn = item.result.upn
    return upn if isinstance(item.result, LearnerRecord) or upn_fault(upn) is None else ""


def _staff_code(item: Judged) -> str:
    return "" if isinstance(item.result, LearnerRecord) else item.result.staff_code


def _groups(rows: Iterable[Judged], key: Callable[[Judged], str | Row]) -> list[tuple[str, list[Judged]]]:
    """Rows that share a key, where more than one does; an empty key is none."""
    found: dict[str | Row, list[Judged]] = defaultdict(list)
    for item in rows:
        if not item.spare and (value := key(item)):
            found[value].append(item)
    return [(str(value), group) for value, group in found.items() if len(group) > 1]


def _one_remains(group: list[Judged], day: date, warnings: list[Problem]) -> bool:
    """Whether all but one row are copies of it, or earlier enrolments of the same person at this school."""
    _spare_copies(group, warnings)
    left = [item for item in group if not item.spare]
    if len(left) == 1:
        return True
    present = [item for item in left if not item.has_left(day)]
    newest = present or sorted(left, key=lambda item: item.leaving() or day)[-1:]
    if len(newest) > 1 or isinstance(newest[0].result, Refused) or not _are_one_person(left):
        return False
    _spare((item for item in left if item is not newest[0]), warnings)
    return True


def _spare_copies(group: list[Judged], warnings: list[Problem]) -> None:
    seen: set[Row] = set()
    for item in group:
        content = tuple(text.strip() for text in item.row[1:])
        if content in seen and not item.spare:
            _spare([item], warnings)
        seen.add(content)


def _spare(items: Iterable[Judged], warnings: list[Problem]) -> None:
    for item in items:
        item.spare = True
        code, column = _REPEATED[item.kind]
        warnings.append(Problem(code, show(item.row[0].strip()), column, show(item.text(column)), item.kind))


def _are_one_person(group: list[Judged]) -> bool:
    """Same legal names, and no two birth dates."""
    names = {(item.text("legal_surname").casefold(), item.text("legal_forename").casefold()) for item in group}
    return len(names) == 1 and len({read_date(item.text("birth_date")) for item in group} - {None}) <= 1


def _refuse(group: list[Judged], code: str, column: str, value: str) -> None:
    for item in group:
        if item.spare:
            continue
        found = Problem(code, show(item.row[0].strip()), column, show(value), item.kind)
        if isinstance(item.result, Refused):
            item.result = replace(item.result, problems=(*item.result.problems, found))
        else:
            item.result = _as_refused(item.result, found)


def _as_refused(record: LearnerRecord | StaffRecord, problem: Problem) -> Refused:
    keys = ("upn", "former_upn", "mis_id", "admission_number", "staff_code", "employee_number")
    return Refused(
        problem.kind,
        problem.record,
        (problem,),
        **{key: getattr(record, key, "") for key in keys},
        legal_surname=record.legal_surname,
        legal_forename=record.legal_forename,
        birth_date=record.birth_date,
    )
