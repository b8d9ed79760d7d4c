"""An invented nation as extracts: everyone in July, and in September with year groups, schools and staff moved on."""

# ruff: noqa: S311, SIM905 - invented people need no secrecy; a list of names reads best as one text
from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hwb.extract.records import Extract
from hwb.identifiers import UPN_LETTERS

NATION, STAFF, SCHOOLS = 465_000, 60_000, 1460
JULY, DAY_AFTER = (datetime(2018, m, d, 6, tzinfo=UTC) for m, d in ((7, 2), (9, 5)))
_SCHOOLS_A_SECONDARY = 7.3
_PRIMARY = ("R", "1", "2", "3", "4", "5", "6")
_SECONDARY = ("7", "8", "9", "10", "11", "12", "13")
_SIXTH_FORM = ("12", "13")
_YEARS = (*_PRIMARY, *_SECONDARY)
_MOVING = 0.02  # of learners in no final year
_STAFF_LEAVING = 0.06
_FIRST = 2018
_SURNAMES = (
    "Jones Williams Davies Evans Thomas Roberts Lewis Hughes Morgan Griffiths Edwards Owen James Rees Price Morris "
    "Richards Phillips Parry Jenkins Lloyd Harris Powell Pritchard Humphreys Bowen Ellis Rowlands Llywelyn Gruffydd "
    "Smith Brown Taylor Khan Ali Begum Nowak Kowalska O'Brien Müller"
).split()
_FORENAMES = (
    "Mali Cadi Seren Ffion Nia Erin Megan Gwen Lowri Carys Elin Beca Alaw Eira Non Mared Tesni Efa Lili Ela Osian "
    "Macsen Ifan Jac Harri Elis Owain Gethin Rhys Tomos Dylan Gwilym Ioan Deio Morgan Emrys Guto Idris Steffan Llŷr "
    "Olivia Amelia Isla Ava Grace Sophie Emily Oliver Jack Noah Leo Muhammad Alfie Oscar Aisha Zofia Jakub"
).split()
_ONSETS = "B C D Dr F G Gl Gr H K L Ll M N P Pr R Rh S St T Tr V W".split()
_MIDDLES = "a ar el en er i in o on u wy".split()
_ENDS = "bach dan fyn gan ley man mor nes rick son ston ter vey well wood".split()


def opening(year: int) -> datetime:
    """When the schools of that September have spoken."""
    return datetime(year, 9, 4, 6, tzinfo=UTC)


SEPTEMBER = opening(_FIRST)


@dataclass(slots=True)
class _School:
    dfes: str
    phase: str
    learners: list[tuple[str, ...]] = field(default_factory=list)
    staff: list[tuple[str, ...]] = field(default_factory=list)


class Nation:
    """A nation of about `learners` learners; staff and schools in proportion. The same for the same number."""

    def __init__(self, learners: int) -> None:
        self._random = random.Random(learners)
        self.year = _FIRST  # of the next September
        schools = max(3, round(SCHOOLS * learners / NATION))
        secondaries = max(1, round(schools / _SCHOOLS_A_SECONDARY))
        self.primaries = [_School(_dfes(n, 2000), "primary") for n in range(schools - secondaries)]
        self.secondaries = [_School(_dfes(n, 4000), "secondary") for n in range(secondaries)]
        self.schools = [*self.primaries, *self.secondaries]
        self.cohort = learners / (len(_YEARS) - len(_SIXTH_FORM) / 2)
        self._fill(round(STAFF * learners / NATION))

    def july(self) -> Iterator[Extract]:
        for school in self.schools:
            learners = [_learner(n, person) for n, person in enumerate(school.learners)]
            staff = [_staff(n, *person, "2015-09-01", "") for n, person in enumerate(school.staff)]
            yield _extract(school, JULY, learners, staff)

    def september(self) -> Iterator[Extract]:
        """Everybody moves up, and the nation with them: asked again, it is the next year's. In random order, so that
        half of the new schools speak before the old ones let go."""
        year, started = self.year, f"{self.year}-09-03"
        coming: dict[str, list[tuple[str, ...]]] = {school.dfes: [] for school in self.schools}
        rows = {school.dfes: [] for school in self.schools}
        for number, school in enumerate(self.schools):
            for n, person in enumerate(school.learners):
                to, group = self._next(number, school, person)
                if to is not school:
                    rows[school.dfes].append(_learner(n, person, leaving=f"{year}-07-20"))
                if to is not None:
                    coming[to.dfes].append((*person[:4], group, person[5] if to is school else started))
        each = self.cohort / len(self.primaries)
        for number, school in enumerate(self.primaries):
            for n in range(_share(number, each)):
                coming[school.dfes].append(self._person(school, 3 + _FIRST - year, n, "R", started))
        shuffled = list(self.schools)
        self._random.shuffle(shuffled)
        self.year += 1
        for school in shuffled:
            school.learners = coming[school.dfes]
            learners = [*rows[school.dfes], *(_learner(n, p, 10_000) for n, p in enumerate(school.learners))]
            yield _extract(school, opening(year), learners, list(self._staff_of(school, year)))

    def _fill(self, staff: int) -> None:
        for phase, years in ((self.primaries, _PRIMARY), (self.secondaries, _SECONDARY)):
            for number, school in enumerate(phase):
                for year in years:
                    each = self.cohort / len(phase) / (2 if year in _SIXTH_FORM else 1)
                    position = 4 + _YEARS.index(year)
                    started = f"{2017 - (_YEARS.index(year) - _YEARS.index(years[0]))}-09-04"
                    for n in range(_share(number, each)):
                        school.learners.append(self._person(school, position, n, year, started))
        for number, school in enumerate(self.schools):
            school.staff = [(*self._name(), f"S{n:03}") for n in range(_share(number, staff / len(self.schools)))]

    def _next(self, number: int, school: _School, person: tuple[str, ...]) -> tuple[_School | None, str]:
        year = person[4]
        if year == "13" or (year == "11" and self._random.random() < 0.5):
            return None, ""
        following = _YEARS[_YEARS.index(year) + 1]
        if year == "6":
            return self.secondaries[number * len(self.secondaries) // len(self.primaries)], following
        if year not in ("11", "12") and self._random.random() < _MOVING:
            same = self.primaries if school.phase == "primary" else self.secondaries
            return self._random.choice(same), following
        return school, following

    def _staff_of(self, school: _School, year: int) -> Iterator[tuple[str, ...]]:
        staying = []
        for n, person in enumerate(school.staff):
            leaving = self._random.random() < _STAFF_LEAVING
            yield _staff(n, *person, "2015-09-01", f"{year}-08-31" if leaving else "")
            if leaving:
                person = (*self._name(), f"{chr(ord('T') + year - _FIRST)}{n:03}")
                yield _staff(500 + n, *person, f"{year}-09-01", "")
            staying.append(person)
        school.staff = staying

    def _person(self, school: _School, age: int, number: int, year: str, started: str) -> tuple[str, ...]:
        """(upn, surname, forename, birth date, year group, start date); age as on 31 August 2017."""
        month = 1 + number % 12
        born = f"{2017 - age - (month >= 9)}-{month:02}-{1 + number % 28:02}"
        return (_upn(school.dfes, 30 - age, number), *self._name(), born, year, started)

    def _name(self) -> tuple[str, str]:
        pick = self._random.choice
        common = self._random.random() < 0.5
        surname = pick(_SURNAMES) if common else pick(_ONSETS) + pick(_MIDDLES) + pick(_ENDS)
        return surname, pick(_FORENAMES)


def _share(number: int, each: float) -> int:
    """Whole people of the school in this place, so that all schools together have the sum."""
    return int((number + 1) * each) - int(number * each)


def _dfes(number: int, first: int) -> str:
    return f"{660 + number % 22}{first + number // 22:04}"


def _upn(dfes: str, year: int, number: int) -> str:
    digits = f"{dfes}{year:02}{number:03}"
    return UPN_LETTERS[sum(place * int(digit) for place, digit in enumerate(digits, start=2)) % 23] + digits


def _learner(number: int, person: tuple[str, ...], first: int = 0, *, leaving: str = "") -> tuple[str, ...]:
    upn, surname, forename, born, year, started = person
    mis_id = str(first + number)
    group = f"{year}{'ABCDEF'[number % 6]}"
    classes = ";".join(f"{year}{subject}{number % 4}" for subject in ("Ma", "Cy", "En", "Gw"))
    return (f"row {mis_id}", upn, "", f"{upn[8:]}", upn[8:], surname, forename, "", "", born, year, group, classes,
            "C", started, leaving)  # fmt: skip


def _staff(number: int, surname: str, forename: str, code: str, started: str, leaving: str) -> tuple[str, ...]:
    return (f"staff {number}", f"m{code}", code, "", surname, forename, "", "", "1980-01-01", "Teacher", started,
            leaving, "")  # fmt: skip


def _extract(
    school: _School, as_at: datetime, learners: list[tuple[str, ...]], staff: list[tuple[str, ...]]
) -> Extract:
    return Extract(school.dfes, as_at, "hwb", frozenset({"learner", "staff"}), tuple(learners), tuple(staff))
