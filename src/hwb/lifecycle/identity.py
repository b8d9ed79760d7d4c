"""Whether two statements are about the same person (R4, R9, R32). Names alone never link anyone."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from hwb.extract.records import LearnerRecord
from hwb.lifecycle.facts import Details


@lru_cache(maxsize=65536)
def folded(name: str) -> str:
    """A name without case, accents, apostrophes, hyphens and spaces, for comparing only."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def same_surname(record: LearnerRecord, known: Details) -> bool:
    """Whether the legal surnames agree, by :func:`folded`."""
    return record.legal_surname == known.legal_surname or (folded(record.legal_surname) == folded(known.legal_surname))


def clashes(record: LearnerRecord, known: Details) -> bool:
    """Identity clash: birth date *and* surname both differ (R4).

    A leaver's record may lack the birth date; then the forename stands in for it, so that a wrong UPN on a
    leaver does not release somebody else.
    """
    if same_surname(record, known):
        return False
    if record.birth_date is None or known.birth_date is None:
        return folded(record.legal_forename) != folded(known.legal_forename)
    return record.birth_date != known.birth_date


def agrees(record: LearnerRecord, known: Details) -> bool:
    """Birth date and surname both agree: what a claim from a *missing* learner's school needs (R32)."""
    return record.birth_date is not None and record.birth_date == known.birth_date and same_surname(record, known)


def details_of(record: LearnerRecord, known: Details | None = None) -> Details:
    """The record's names and birth date; what it leaves out keeps its known value."""
    return Details(
        record.legal_surname,
        record.legal_forename,
        record.preferred_surname,
        record.preferred_forename,
        record.birth_date or (known.birth_date if known else None),
    )


def is_known_as(record: LearnerRecord, known: Details) -> bool:
    """Whether the record says nothing new about who the person is."""
    return (
        record.legal_surname == known.legal_surname
        and record.legal_forename == known.legal_forename
        and record.preferred_surname == known.preferred_surname
        and record.preferred_forename == known.preferred_forename
        and record.birth_date == known.birth_date
    )
