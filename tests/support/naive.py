"""A second, naïve reading of the rules: one learner at a time, from every school's newest record.

Written from rules.md and sharing no code with ``hwb.lifecycle``; slow and plain on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from hwb.extract.records import LearnerRecord


@dataclass
class Person:
    """What the naïve nation remembers of one UPN."""

    newest: dict[str, LearnerRecord] = field(default_factory=dict)
    absent: dict[str, date] = field(default_factory=dict)
    known: tuple[str, date | None] | None = None
    held_by: str | None = None
    active: bool = False


def on_books(record: LearnerRecord, day: date) -> bool:
    begun = record.start_date is not None and record.start_date <= day
    return begun and (record.leaving_date is None or day <= record.leaving_date)


@dataclass
class NaiveNation:
    """Folds one run, or one day, at a time, one person at a time."""

    people: dict[str, Person] = field(default_factory=dict)

    def run(self, school: str, records: list[LearnerRecord], day: date) -> None:
        named = {record.upn: record for record in records}
        for upn in set(self.people) | set(named):
            person = self.people.setdefault(upn, Person())
            if upn in named:
                person.newest[school] = named[upn]
                person.absent.pop(school, None)
            elif school in person.newest:
                person.absent.setdefault(school, day)
            self.fold(person, day)

    def day(self, day: date) -> None:
        for person in self.people.values():
            self.fold(person, day)

    def fold(self, person: Person, day: date) -> None:
        holder = person.held_by
        if holder is not None:
            record = person.newest[holder]
            if record.leaving_date is not None and record.leaving_date < day:
                person.held_by = None
            elif record.leaving_date is None and holder in person.absent:
                if day - person.absent[holder] >= timedelta(days=7):
                    takers = [
                        (school, other)
                        for school, other in self.claimants(person, day)
                        if (other.legal_surname.lower(), other.birth_date) == person.known
                    ]
                    self.give(person, takers)
        if person.held_by is None:
            takers = [
                (school, other)
                for school, other in self.claimants(person, day)
                if person.known is None
                or other.legal_surname.lower() == person.known[0]
                or other.birth_date == person.known[1]
            ]
            self.give(person, takers)
        person.active = person.held_by is not None
        if person.held_by is not None and person.held_by not in person.absent:
            record = person.newest[person.held_by]
            person.known = (record.legal_surname.lower(), record.birth_date)

    def claimants(self, person: Person, day: date) -> list[tuple[str, LearnerRecord]]:
        return [
            (school, record)
            for school, record in person.newest.items()
            if school not in person.absent
            and record.enrolment_status in ("C", "M")
            and school != person.held_by
            and on_books(record, day)
        ]

    def give(self, person: Person, takers: list[tuple[str, LearnerRecord]]) -> None:
        if takers:
            takers.sort(key=lambda t: (t[1].start_date, t[1].enrolment_status != "M", t[0]))
            person.held_by = takers[0][0]

    def waiting(self, day: date) -> set[tuple[str, str]]:
        """(school, UPN) of everyone on roll somewhere who does not have the account."""
        return {
            (school, upn)
            for upn, person in self.people.items()
            if person.known is not None
            for school, _ in self.claimants(person, day)
        }
