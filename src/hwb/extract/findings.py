"""What was found while one record was judged, and how it becomes a Refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from hwb.extract.fields import has_letter, is_stand_in, lost_encoding, name_fault, read_date, show, text_fault
from hwb.extract.records import Kind, Problem, Refused

#: code, field, value, named gaps
Finding = tuple[str, str, str, tuple[tuple[str, str], ...]]

EARLIEST_LEAVING_YEAR = 1990


@dataclass(slots=True)
class Findings:
    """Three lists: what refuses the record, what refuses it unless the person has left, and warnings.

    A leaver needs little (interfaces.md, "What a snapshot covers"): whatever else the record says that
    cannot be read is left out with a warning.
    """

    faults: list[Finding] = field(default_factory=list)
    doubts: list[Finding] = field(default_factory=list)
    hints: list[Finding] = field(default_factory=list)

    def fault(self, code: str, name: str, value: str = "", **gaps: str) -> None:
        self.faults.append((code, name, value, tuple(gaps.items())))

    def doubt(self, code: str, name: str, value: str = "", **gaps: str) -> None:
        self.doubts.append((code, name, value, tuple(gaps.items())))

    def hint(self, code: str, name: str, value: str = "", **gaps: str) -> None:
        self.hints.append((code, name, value, tuple(gaps.items())))

    def settle(self, *, left: bool) -> bool:
        """Turns doubts into warnings of a leaver or faults of anyone else; whether the record can be used."""
        if left:
            self.hints.extend(doubt for doubt in self.doubts if doubt[2])  # what a leaver's record leaves out is fine
        else:
            self.faults.extend(self.doubts)
        self.doubts = []
        return not self.faults


@dataclass(frozen=True, slots=True)
class NameCodes:
    """The codes that differ between learners and staff, for what is judged alike."""

    missing: str
    characters: str
    length: str
    stand_in: str
    encoding: str
    text: str
    group: str


LEARNER_NAMES = NameCodes("L05", "L15", "L16", "L17", "L29", "L26", "L22")
STAFF_NAMES = NameCodes("S05", "S08", "S09", "S10", "S19", "S17", "S14")


#: Warnings about a leaver that say: this value could not be used and is left out.
_LEFT_OUT = frozenset({"L15", "L16", "L22", "L26", "S08", "S09", "S13", "S14", "S17"})


def left_out(found: Findings) -> frozenset[str]:
    """The columns whose value is left out of a leaver's record, since it is not fit to be stored."""
    if not found.hints:
        return frozenset()
    return frozenset(name for code, name, _, _ in found.hints if code in _LEFT_OUT)


def one_line(name: str) -> str:
    """A line break inside quotes is a habit of exports, not part of the name."""
    return name if name.isprintable() else " ".join(name.replace("\r", "\n").split("\n"))


def is_far_ahead(start: date, day: date) -> bool:
    """Whether a start date is more than one year after `day`."""
    return (start.year - 1, start.month, start.day) > (day.year, day.month, day.day)


def problem(reference: str, kind: Kind, finding: Finding) -> Problem:
    """The finding as a Problem of the record."""
    code, name, value, gaps = finding
    return Problem(code, show(reference), name, show(value), kind, gaps)


def refuse(reference: str, kind: Kind, findings: list[Finding], keys: dict[str, str]) -> Refused:
    """A Refused with whatever of the keys the MIS gave, made fit to be stored."""
    problems = tuple(problem(reference, kind, finding) for finding in findings)
    shown = {name: show(value) for name, value in keys.items() if name != "birth_date"}
    born = read_date(keys.get("birth_date", ""))
    return Refused(kind, show(reference), problems, birth_date=born, **shown)


@lru_cache(maxsize=65536)
def _is_plain(name: str) -> bool:
    """Whether there is nothing to say about a legal name; the same few thousand are met all over a nation."""
    return has_letter(name) and not name_fault(name) and not lost_encoding(name)


def judge_names(found: Findings, codes: NameCodes, surname: str, forename: str, preferred: tuple[str, str]) -> None:
    """Legal names are needed by everybody; preferred ones only have to be fit to be shown."""
    for name, value in (("legal_surname", surname), ("legal_forename", forename)):
        if _is_plain(value):
            continue
        if not has_letter(value):
            found.fault(codes.missing, name, value)
        elif wrong := name_fault(value):
            found.fault(codes.characters if wrong == "characters" else codes.length, name, value)
        elif lost_encoding(value):
            found.hint(codes.encoding, name, value)
    if is_stand_in(surname, forename):
        found.fault(codes.stand_in, "legal_surname", f"{surname} {forename}")
    for name, value in zip(("preferred_surname", "preferred_forename"), preferred, strict=True):
        if value and (wrong := name_fault(value)):
            found.doubt(codes.characters if wrong == "characters" else codes.length, name, value)


def judge_text(found: Findings, code: str, name: str, value: str, length: int) -> None:
    """A key or group name of free text; empty is fine."""
    if value and text_fault(value, length):
        found.doubt(code, name, value, length=str(length))


def judge_leaving(found: Findings, bad: str, before: str, text: str, start: date | None) -> date | None:
    """The leaving date; unreadable or of another age it is always a fault, since it would release somebody."""
    if not text:
        return None
    leaving = read_date(text)
    if leaving is None or leaving.year < EARLIEST_LEAVING_YEAR:
        found.fault(bad, "leaving_date", text)
        return None
    if start is not None and leaving < start:
        found.fault(before, "leaving_date", text)
    return leaving
