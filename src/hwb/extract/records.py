"""What a school's MIS says about one person, checked and typed.

A :class:`LearnerRecord` or :class:`StaffRecord` exists only for a record that can be used;
one that cannot is a :class:`Refused`. Together they make a :class:`Snapshot`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from hwb.extract.frozen import made_often

Kind = Literal["learner", "staff"]
MisKind = Literal["sims", "teacher-centre", "oneroster", "ctf", "hwb"]

#: Columns of the ``hwb`` CSV pair (interfaces.md); every reader maps to these names.
LEARNER_COLUMNS = (
    "upn", "former_upn", "mis_id", "admission_number", "legal_surname", "legal_forename",
    "preferred_surname", "preferred_forename", "birth_date", "year_group", "registration_group",
    "classes", "enrolment_status", "start_date", "leaving_date",
)  # fmt: skip
STAFF_COLUMNS = (
    "mis_id", "staff_code", "employee_number", "legal_surname", "legal_forename",
    "preferred_surname", "preferred_forename", "birth_date", "role", "start_date",
    "leaving_date", "classes",
)  # fmt: skip

#: One row as the MIS wrote it: the record's reference (shown in problems), then one text for each
#: column of LEARNER_COLUMNS or STAFF_COLUMNS, empty where the MIS says nothing.
Row = tuple[str, ...]


@made_often
@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """One school's usable statement about one learner.

    ``upn`` is trimmed and upper-cased; ``year_group`` is N1, N2, R or 1 … 14; ``enrolment_status``
    is C, M, S or G (C when the MIS says nothing). A record whose leaving date has passed may lack
    everything but UPN, legal names and leaving date (interfaces.md, "What a snapshot covers").
    """

    upn: str
    legal_surname: str
    legal_forename: str
    birth_date: date | None = None
    year_group: str = ""
    start_date: date | None = None
    leaving_date: date | None = None
    enrolment_status: str = "C"
    registration_group: str = ""
    classes: tuple[str, ...] = ()
    preferred_surname: str = ""
    preferred_forename: str = ""
    former_upn: str = ""
    mis_id: str = ""
    admission_number: str = ""


@made_often
@dataclass(frozen=True, slots=True)
class StaffRecord:
    """One school's usable statement about one member of staff (R20, R21)."""

    legal_surname: str
    legal_forename: str
    staff_code: str = ""
    start_date: date | None = None
    leaving_date: date | None = None
    mis_id: str = ""
    employee_number: str = ""
    preferred_surname: str = ""
    preferred_forename: str = ""
    birth_date: date | None = None
    role: str = ""
    classes: tuple[str, ...] = ()


@made_often
@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record was refused, or a warning about one that was used.

    ``code`` is the stable code of ux.md 9.5 (L01 …, S01 …, X01 …); its sentences, in both
    languages and with the fix for each MIS, come from :mod:`hwb.extract.problems`.
    ``field`` is always the ``hwb`` CSV column, whatever the MIS calls it.
    """

    code: str
    record: str
    field: str
    value: str
    kind: Kind = "learner"
    #: named gaps of the sentences (for example {"suggestion": "M671404118001"})
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot be used, with what it still tells about whose it is.

    The keys tie it to a person that Hwb knows, so that a refusal is never read as absence (R32).
    Each is as the MIS gave it, trimmed; the UPN may be wrong or empty.
    """

    kind: Kind
    record: str
    problems: tuple[Problem, ...]
    upn: str = ""
    former_upn: str = ""
    mis_id: str = ""
    admission_number: str = ""
    staff_code: str = ""
    employee_number: str = ""
    legal_surname: str = ""
    legal_forename: str = ""
    birth_date: date | None = None


@dataclass(frozen=True, slots=True)
class Extract:
    """What the client read from the MIS: text only, nothing judged yet, nothing but our columns."""

    school: str
    as_at: datetime
    mis: MisKind
    covers: frozenset[Kind]
    learners: tuple[Row, ...] = ()
    staff: tuple[Row, ...] = ()
    #: columns of the source that were neither read nor sent
    dropped: tuple[str, ...] = ()
    #: warnings of the reader itself (likely encoding loss and the like)
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One extract, checked: everyone on one school's books as at one moment.

    ``digest`` is the SHA-256 (hex) of the content alone (school, covers, rows in any order), so that two
    deliveries of the same content share it whatever their moment (R35).
    """

    school: str
    as_at: datetime
    mis: MisKind
    covers: frozenset[Kind]
    digest: str
    learners: tuple[LearnerRecord, ...] = ()
    staff: tuple[StaffRecord, ...] = ()
    refused: tuple[Refused, ...] = ()
    warnings: tuple[Problem, ...] = ()
    #: record reference of each UPN / of each staff record by position, for messages
    references: dict[str, str] = field(default_factory=dict)
