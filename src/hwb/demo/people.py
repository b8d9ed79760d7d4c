"""The invented schools' learners and staff, the same for the same seed: who is there in July, and in September."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from hwb.demo.authority import DemoSchool
from hwb.demo.names import FORENAMES, SURNAMES
from hwb.extract.records import LearnerRecord, StaffRecord
from hwb.identifiers import UPN_LETTERS

LAST_DAY = (7, 20)
FIRST_DAY = (9, 3)


def upn(school: str, number: int, *, year: int = 18, temporary: bool = False) -> str:
    """A UPN with its right check letter, as issued by ``school`` in ``year``; a temporary one ends with a letter."""
    body = f"{school}{year:02d}" + (f"{number:02d}{UPN_LETTERS[number]}" if temporary else f"{number:03d}")
    values = (UPN_LETTERS.index(letter) if letter in UPN_LETTERS else int(letter) for letter in body)
    return UPN_LETTERS[sum(place * value for place, value in enumerate(values, start=2)) % 23] + body


def mistyped(upn: str) -> str:
    """The UPN with the wrong check letter."""
    return UPN_LETTERS[(UPN_LETTERS.index(upn[0]) + 1) % 23] + upn[1:]


def populate(schools: list[DemoSchool], *, year: int, chance: random.Random) -> None:
    """Everyone on the books in the summer of ``year``."""
    for school in schools:
        for number in range(school.roll):
            group = school.years[number % len(school.years)]
            # a primary's UPNs are its own; a secondary's were issued elsewhere, under another invented number
            issued = school.dfes if school.phase == "primary" else f"6718{school.dfes[-2:]}{number // 900}"
            school.learners.append(learner(school, upn(issued, number % 900), group, year=year - 1, chance=chance))
        for number in range(school.team):
            school.staff.append(_member(school, number, year, chance))


def learner(school: DemoSchool, upn: str, group: str, *, year: int, chance: random.Random) -> LearnerRecord:
    """A learner in ``group`` in the academic year that began in ``year``, next in the school's admission book."""
    age = 4 if group == "R" else int(group) + 4
    born = date(year - age, 9, 1) + timedelta(days=chance.randrange(364))
    number = len(school.learners) + 1
    return LearnerRecord(
        upn, chance.choice(SURNAMES), chance.choice(FORENAMES), born, group,
        date(year - school.years.index(group), *FIRST_DAY), None, "C", f"{group}{chance.choice('GC')}",
        sets(group, chance), mis_id=str(number), admission_number=f"{number:06d}",
    )  # fmt: skip


def sets(group: str, chance: random.Random) -> tuple[str, ...]:
    """Teaching groups of a secondary year; the younger ones are taught in their registration group."""
    return (
        tuple(f"{group}{subject}{chance.randrange(1, 5)}" for subject in ("Cy", "Ma")) if _is_secondary(group) else ()
    )


def _is_secondary(group: str) -> bool:
    return group.isdigit() and int(group) >= 7


def member(school: DemoSchool, *, code: str = "", start: date, chance: random.Random) -> StaffRecord:
    """Somebody new in the staffroom; without ``code`` their initials and a number that nobody has there."""
    surname, forename = chance.choice(SURNAMES), chance.choice(FORENAMES)
    number = len(school.staff)
    initials = f"{forename[0]}{surname[0]}".upper().replace("Ŵ", "W")
    return StaffRecord(
        surname, forename, code or f"{initials}{number}", start, mis_id=f"S{number}",
        employee_number=f"{school.dfes[-3:]}{number:04d}",
    )  # fmt: skip


def _member(school: DemoSchool, number: int, year: int, chance: random.Random) -> StaffRecord:
    """A head first, then teachers of one registration group or set each, every fourth an assistant; every tenth works
    in the office."""
    record = member(school, start=date(year - 3, 9, 1), chance=chance)
    if number == 0:
        return replace(record, role="Pennaeth" if school.language == "cy" else "Headteacher")
    if number % 10 == 9:
        return replace(record, role="Administrator")
    group = school.years[number % len(school.years)]
    taught = f"{group}Ma{number % 4 + 1}" if _is_secondary(group) else f"{group}{'GC'[number % 2]}"
    return replace(record, role="Teaching assistant" if number % 4 == 0 else "Teacher", classes=(taught,))


def next_year(schools: list[DemoSchool], *, year: int, chance: random.Random) -> None:
    """The new year in every MIS: leavers with their dates, everyone else a year group on, and the intake."""
    by_number = {school.dfes: school for school in schools}
    arriving: dict[str, list[LearnerRecord]] = {school.dfes: [] for school in schools}
    for school in schools:
        for position, record in enumerate(school.learners):
            if record.leaving_date is None and record.year_group == school.years[-1]:
                school.learners[position] = replace(record, leaving_date=date(year, *LAST_DAY))
            elif record.leaving_date is None:
                school.learners[position] = _moved_up(record, school, chance)
        if school.feeds:
            arriving[school.feeds] += [r for r in school.learners if r.year_group == school.years[-1] and _left(r)]
    for dfes, records in arriving.items():
        school = by_number[dfes]
        for record in records:
            admit(school, record, "7", year=year, chance=chance)
        if school.phase != "secondary":
            for number in range(school.roll // len(school.years)):
                new = upn(dfes, number, year=year % 100)
                school.learners.append(learner(school, new, "R", year=year, chance=chance))


def _left(record: LearnerRecord) -> bool:
    return record.leaving_date is not None


def _moved_up(record: LearnerRecord, school: DemoSchool, chance: random.Random) -> LearnerRecord:
    group = school.years[school.years.index(record.year_group) + 1]
    form = group + record.registration_group[-1]
    return replace(record, year_group=group, registration_group=form, classes=sets(group, chance))


def admit(
    school: DemoSchool, known: LearnerRecord, group: str, *, year: int, chance: random.Random
) -> LearnerRecord:  # fmt: skip
    """The school's own record of a learner who comes from another one."""
    number = len(school.learners) + 1
    record = replace(
        known, year_group=group, registration_group=f"{group}{chance.choice('GC')}", classes=sets(group, chance),
        start_date=date(year, *FIRST_DAY), leaving_date=None, mis_id=str(number), admission_number=f"{number:06d}",
    )  # fmt: skip
    school.learners.append(record)
    return record
