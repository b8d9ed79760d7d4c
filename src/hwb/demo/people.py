"""An invented authority: schools, learners and staff, the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from hwb.extract.records import LearnerRecord, StaffRecord

SURNAMES = (
    "Rees", "Llwyd", "Evans", "Morgan", "Pritchard", "Huws", "Jenkins", "Bowen", "Vaughan", "Gruffydd",
    "O'Neill", "Parry", "Ŵyn", "Kaur", "Nowak", "Begum", "Tudor", "Ellis", "Owen", "Lloyd", "Price", "Davies",
    "Thomas", "Harries", "Powell", "Ahmed", "Bevan", "Cadwaladr", "Rhys", "Humphreys",
)  # fmt: skip
FORENAMES = (
    "Mali", "Siôn", "Gwen", "Tomos", "Ffion", "Osian", "Cerys", "Macsen", "Elin", "Rhodri", "Seren", "Ioan",
    "Lowri", "Idris", "Nia", "Dylan", "Erin", "Harri", "Beca", "Emyr", "Aisha", "Kacper", "Zofia", "Yusuf",
    "Megan", "Gruff", "Carys", "Deio", "Anwen", "Steffan",
)  # fmt: skip
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


@dataclass
class DemoSchool:
    """One invented school. ``mis`` is how it writes its data; ``feeds`` the school its leavers go to."""

    dfes: str
    name_en: str
    name_cy: str
    phase: str
    years: tuple[str, ...]
    roll: int
    mis: str
    feeds: str = ""
    learners: list[LearnerRecord] = field(default_factory=list)
    staff: list[StaffRecord] = field(default_factory=list)


PRIMARY_YEARS = ("R", "1", "2", "3", "4", "5", "6")
SECONDARY_YEARS = ("7", "8", "9", "10", "11", "12", "13")


def authority() -> list[DemoSchool]:
    """Eight schools of an invented authority; numbers beginning 671 9 are used for examples only."""
    first, second = "6719001", "6719002"
    return [
        DemoSchool(first, "Cwm High School", "Ysgol Uwchradd Cwm", "secondary", SECONDARY_YEARS, 800, "sims"),
        DemoSchool(second, "Ysgol Gyfun Glan Afon", "Ysgol Gyfun Glan Afon", "secondary", SECONDARY_YEARS, 560, "hwb"),
        DemoSchool("6719011", "Bryn Primary", "Ysgol Gynradd Bryn", "primary", PRIMARY_YEARS, 260, "sims", first),
        DemoSchool("6719012", "Heol Primary", "Ysgol Gynradd Heol", "primary", PRIMARY_YEARS, 240, "hwb", first),
        DemoSchool("6719013", "Ysgol y Ddôl", "Ysgol y Ddôl", "primary", PRIMARY_YEARS, 220, "hwb", second),
        DemoSchool("6719014", "Ysgol Tan-yr-allt", "Ysgol Tan-yr-allt", "primary", PRIMARY_YEARS, 190, "sims", second),
        DemoSchool("6719015", "Llan Primary", "Ysgol Gynradd Llan", "primary", PRIMARY_YEARS, 170, "hwb", first),
        DemoSchool("6719021", "Maes School", "Ysgol Maes", "special", PRIMARY_YEARS + SECONDARY_YEARS, 60, "hwb"),
    ]


def upn(school: str, number: int) -> str:
    """A UPN with its right check letter, as issued by ``school``."""
    digits = f"{school}18{number:03d}"
    return LETTERS[sum(p * int(d) for p, d in enumerate(digits, start=2)) % 23] + digits


def populate(schools: list[DemoSchool], *, year: int, chance: random.Random) -> None:
    """Everyone on the books in the summer of ``year``."""
    for school in schools:
        for number in range(school.roll):
            group = school.years[number % len(school.years)]
            school.learners.append(_learner(school, number, group, year, chance))
        for number in range(max(8, school.roll // 13)):
            school.staff.append(_member(number, year, chance))


def _learner(school: DemoSchool, number: int, group: str, year: int, chance: random.Random) -> LearnerRecord:
    age = 4 if group == "R" else int(group) + 4
    born = date(year - 1 - age, 9, 1) + timedelta(days=chance.randrange(364))
    started = year - 1 - school.years.index(group)
    # a primary's UPNs are its own; a secondary's were issued elsewhere, under another invented number
    issued = school.dfes if school.phase == "primary" else f"6718{school.dfes[-2:]}{number // 900}"
    return LearnerRecord(
        upn(issued, number % 900), chance.choice(SURNAMES), chance.choice(FORENAMES), born, group,
        date(started, 9, 3), None, "C", f"{group}{chance.choice('GC')}", (), mis_id=str(number + 1),
        admission_number=f"{number + 1:06d}",
    )  # fmt: skip


def _member(number: int, year: int, chance: random.Random) -> StaffRecord:
    surname, forename = chance.choice(SURNAMES), chance.choice(FORENAMES)
    code = f"{forename[0]}{surname[0]}{number}".upper().replace("Ŵ", "W")
    return StaffRecord(surname, forename, code, date(year - 3, 9, 1), mis_id=f"S{number}")


def next_september(schools: list[DemoSchool], *, year: int) -> None:
    """The new year: leavers with their dates, everyone else a year group on, the intake at the schools they go to."""
    by_number = {school.dfes: school for school in schools}
    arriving: dict[str, list[LearnerRecord]] = {school.dfes: [] for school in schools}
    for school in schools:
        moved = []
        for learner in school.learners:
            position = school.years.index(learner.year_group)
            if position == len(school.years) - 1:
                moved.append(replace(learner, leaving_date=date(year, 7, 20)))
                if school.feeds:
                    arriving[school.feeds].append(learner)
            else:
                group = school.years[position + 1]
                moved.append(
                    replace(learner, year_group=group, registration_group=group + learner.registration_group[-1])
                )
        school.learners = moved
    for dfes, learners in arriving.items():
        known = len(by_number[dfes].learners)
        for number, learner in enumerate(learners, start=known + 1):
            by_number[dfes].learners.append(
                replace(
                    learner, year_group="7", registration_group="7G", start_date=date(year, 9, 3), mis_id=str(number),
                    admission_number=f"{number:06d}",
                )
            )  # fmt: skip
