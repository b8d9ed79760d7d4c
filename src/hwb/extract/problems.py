"""What a problem says to a school: what is wrong, what is needed, and where in *that* MIS to put it right (ux.md 9.5).

No menu path is given that nobody confirmed on a live copy: a fix names the field as that MIS calls it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwb.extract.records import MisKind, Problem
from hwb.extract.texts import N_, Text, render

DOMAIN = "extract"


@dataclass(frozen=True, slots=True)
class Wording:
    """The sentence about a problem and what is needed instead; ``refuses`` is False for a warning.

    ``action`` is what to do about it in the MIS, where that is more than to put the field right.
    """

    sentence: str
    needed: str
    refuses: bool = True
    action: str = ""


_UPN_NEEDED = N_("A UPN of 13 characters with the right check letter")
_DATE_NEEDED = N_("A real date, for example 2018-09-03")
_NAME_NEEDED = N_("The legal name in letters, at most 100 characters")
_UNIQUE_CODE = N_("A staff code that nobody else who works at the school has")
_COMPARE = N_("Compare with the transfer file and correct the typing mistake.")
_PLACE = N_("Place the learner in a class; the account works, but is in no class list.")
_AGE = N_("Check the birth date and the year group.")
_AFTER_ADMISSION = N_("A leaving date after the admission date")
_AFTER_START = N_("A leaving date after the start date")
_ONE_DATE = N_("Correct one of the two dates.")

#: What exactly is wrong with a UPN (L02), by `hwb.identifiers.UpnFault`.
_UPN_FAULTS = {
    "length": N_("UPN is not valid: it does not have 13 characters"),
    "letter": N_("UPN is not valid: it has a letter that is never used, or none where there must be one"),
    "digit": N_("UPN is not valid: characters 2 to 12 must be digits"),
    "check": N_("UPN is not valid: the first letter does not fit the digits"),
}

WORDINGS: dict[str, Wording] = {
    "L01": Wording(
        N_("UPN is missing"),
        _UPN_NEEDED,
        action=N_("Enter the UPN in the registration details; take it from the transfer file."),
    ),
    "L02": Wording(N_("UPN is not valid"), _UPN_NEEDED, action=_COMPARE),
    "L03": Wording(
        N_("Two learners in your data have this UPN"),
        N_("One record for each UPN"),
        action=N_("Find both records; one UPN is wrong or one record is double."),
    ),
    "L05": Wording(N_("Legal surname or forename is missing"), _NAME_NEEDED),
    "L06": Wording(N_("Admission number is missing"), N_("The admission number"), refuses=False),
    "L07": Wording(N_("Admission date is missing"), _DATE_NEEDED),
    "L08": Wording(
        N_("Leaving date is before the admission date"), N_("A leaving date after the admission date"), action=_ONE_DATE
    ),
    "L09": Wording(N_("Year group is missing or not known"), N_("N1, N2, R or 1 to 14")),
    "L10": Wording(
        N_("No class or registration group"), N_("A class or registration group"), refuses=False, action=_PLACE
    ),
    "L12": Wording(
        N_("Year group does not fit the age"), N_("The year group the learner is in"), refuses=False, action=_AGE
    ),
    "L13": Wording(N_("Temporary UPN"), N_("The permanent UPN, from the previous school"), refuses=False),
    "L15": Wording(N_("The name has characters that cannot be used"), _NAME_NEEDED),
    "L16": Wording(N_("The name is too long"), _NAME_NEEDED),
    "L17": Wording(N_("This looks like a test record, not a learner"), N_("The learner's real names, or no record")),
    "L18": Wording(N_("Birth date is missing"), _DATE_NEEDED),
    "L19": Wording(N_("Birth date is not possible"), N_("A real date that makes the learner 2 to 20 years old")),
    "L20": Wording(N_("Admission date is not possible"), N_("A real date, at most one year ahead")),
    "L21": Wording(N_("Leaving date is not possible"), _DATE_NEEDED),
    "L22": Wording(N_("The class or registration group cannot be used"), N_("A name of at most 50 characters")),
    "L23": Wording(N_("Enrolment status is not known"), N_("C, M, S or G")),
    "L24": Wording(N_("The row has too many or too few fields"), N_("One value for each column")),
    "L25": Wording(N_("The former UPN is not valid and was left out"), _UPN_NEEDED, refuses=False),
    "L26": Wording(N_("A number or code cannot be used"), N_("Plain text of at most 100 characters")),
    "L27": Wording(N_("The UPN was trimmed or put in capitals"), N_("The UPN in capitals"), refuses=False),
    "L28": Wording(N_("The same record stands twice; one was used"), N_("One record for each UPN"), refuses=False),
    "L29": Wording(
        N_("A question mark in a name: a letter was probably lost in the export"),
        N_("An export in UTF-8"),
        refuses=False,
    ),
    "S01": Wording(
        N_("Start date is missing"), _DATE_NEEDED, action=N_("Enter the start date in the employment details.")
    ),
    "S02": Wording(
        N_("Staff code is missing"),
        _UNIQUE_CODE,
        action=N_("Enter a staff code that is unique in the school, usually initials."),
    ),
    "S03": Wording(
        N_("Two people in your data have this staff code or number"),
        _UNIQUE_CODE,
        action=N_("Give one of the two people another code."),
    ),
    "S04": Wording(
        N_("Leaving date is before the start date"), N_("A leaving date after the start date"), action=_ONE_DATE
    ),
    "S05": Wording(N_("Legal surname or forename is missing"), _NAME_NEEDED),
    "S08": Wording(N_("The name has characters that cannot be used"), _NAME_NEEDED),
    "S09": Wording(N_("The name is too long"), _NAME_NEEDED),
    "S10": Wording(N_("This looks like a test record, not a person"), N_("The person's real names, or no record")),
    "S11": Wording(N_("Birth date is not possible"), _DATE_NEEDED),
    "S12": Wording(N_("Leaving date is not possible"), _DATE_NEEDED),
    "S13": Wording(N_("The staff code has characters that cannot be used"), N_("A short code of letters and digits")),
    "S14": Wording(N_("A class cannot be used"), N_("A name of at most 50 characters")),
    "S15": Wording(N_("The staff code is a learner's UPN"), _UNIQUE_CODE),
    "S16": Wording(N_("The row has too many or too few fields"), N_("One value for each column")),
    "S17": Wording(N_("A number or code cannot be used"), N_("Plain text of at most 100 characters")),
    "S18": Wording(N_("Start date is not possible"), N_("A real date, at most one year ahead")),
    "S19": Wording(
        N_("A question mark in a name: a letter was probably lost in the export"),
        N_("An export in UTF-8"),
        refuses=False,
    ),
    "S20": Wording(N_("The same record stands twice; one was used"), N_("One record for each person"), refuses=False),
    "X03": Wording(
        N_("The data still shows last year's year groups"),
        N_("The end-of-year procedures, then a new run"),
        refuses=False,
    ),
    "X07": Wording(
        N_("No record gives this, so the last known values stay"),
        N_("An export with this column when classes have changed"),
        refuses=False,
    ),
    "X06": Wording(
        N_(
            "More than half of the people have the same end date, {date}."
            " It was read as the end of the school year: nobody leaves by it"
        ),
        N_("An end date for those who leave, and for nobody else"),
        refuses=False,
    ),
}

_FIX = N_("Put it right in this field of your MIS: {caption}.")
_FIX_FILE = N_("Put it right in this column of the file: {caption}.")
_FIX_SUGGESTED = N_("Was this meant: {suggestion}?")
_FIX_RECORD = N_("Find the record in your MIS and put it right.")

#: What each MIS calls a column of a member of staff, where it is not the name it has for learners.
STAFF_CAPTIONS: dict[str, dict[str, str]] = {
    "sims": {"legal_surname": "Surname", "start_date": "Start Date"},
    "oneroster": {"classes": "enrollments"},
}

#: What each MIS calls a column of the ``hwb`` CSV; a column that is not here has its own name.
CAPTIONS: dict[str, dict[str, str]] = {
    "sims": {
        "upn": "UPN", "former_upn": "Former UPN", "admission_number": "Adno", "legal_surname": "Legal Surname",
        "legal_forename": "Forename", "preferred_surname": "Preferred Surname",
        "preferred_forename": "Preferred Forename", "birth_date": "DOB", "year_group": "Year",
        "registration_group": "Reg", "classes": "Class", "enrolment_status": "Enrolment Status",
        "start_date": "Date of Admission", "leaving_date": "Date of Leaving", "staff_code": "Staff Code",
        "employee_number": "Employee Number", "role": "Role",
    },
    "ctf": {
        "upn": "UPN", "former_upn": "FormerUPN", "legal_surname": "Surname", "legal_forename": "Forename",
        "preferred_surname": "PreferredSurname", "preferred_forename": "PreferredForename", "birth_date": "DOB",
        "year_group": "NCyearActual", "enrolment_status": "EnrolStatus", "start_date": "EntryDate",
        "leaving_date": "LeavingDate",
    },
    "oneroster": {
        "upn": "userIds", "admission_number": "identifier", "legal_surname": "familyName",
        "legal_forename": "givenName", "preferred_surname": "preferredFamilyName",
        "preferred_forename": "preferredGivenName", "birth_date": "birthDate", "year_group": "grades",
        "registration_group": "classes", "start_date": "beginDate", "leaving_date": "endDate",
        "staff_code": "identifier", "role": "role",
    },
}  # fmt: skip


def describe(problem: Problem, *, mis: MisKind, language: str) -> dict[str, str]:
    """The problem in one language: record, field, value, needed, fix (interfaces.md), code and sentence."""
    wording = WORDINGS[problem.code]
    gaps = {"length": "100", "date": problem.value, **dict(problem.values)}

    def said(message: str, **more: str) -> str:
        return render(Text(message, {**gaps, **more}), language=language, domain=DOMAIN)

    parts = [said(wording.action)] if wording.action else []
    if problem.field:
        parts.append(said(_FIX if mis == "sims" else _FIX_FILE, caption=_caption(problem, mis)))
    else:
        parts.append(said(_FIX_RECORD))
    if "suggestion" in gaps:
        parts.append(said(_FIX_SUGGESTED))
    return {
        "record": problem.record,
        "field": problem.field,
        "value": problem.value,
        "needed": said(wording.needed),
        "fix": " ".join(parts),
        "code": problem.code,
        "sentence": said(_UPN_FAULTS.get(gaps.get("rule", ""), wording.sentence)),
    }


def headline(code: str, *, language: str) -> str:
    """What is wrong, by the code alone: for counts, where nobody's value stands. Raises KeyError."""
    return render(Text(WORDINGS[code].sentence, {"length": "100", "date": ""}), language=language, domain=DOMAIN)


def _caption(problem: Problem, mis: MisKind) -> str:
    known = CAPTIONS.get(mis, {})
    if problem.kind == "staff":
        known = known | STAFF_CAPTIONS.get(mis, {})
    return known.get(problem.field, problem.field)
