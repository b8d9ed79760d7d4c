"""A OneRoster 1.2 CSV package of one school (formats.md)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hwb.demo.authority import AUTHORITY, DemoSchool
from hwb.extract.records import LearnerRecord, StaffRecord

_HEADERS = {
    "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
    "users": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,"
    "identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,"
    "preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns",
    "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,"
    "userProfileSourcedId",
    "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
    "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods",
    "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate",
    "demographics": "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,"
    "blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
    "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus",
}
_ABSENT = (
    "academicSessions", "categories", "classResources", "courseResources", "courses", "lineItemLearningObjectiveIds",
    "lineItems", "lineItemScoreScales", "resources", "resultLearningObjectiveIds", "results", "resultScoreScales",
    "scoreScales", "userProfiles", "userResources",
)  # fmt: skip

Line = dict[str, str]


def write(school: DemoSchool, folder: Path) -> Path:
    """The whole school ("bulk") as one ZIP."""
    files: dict[str, list[Line]] = {name: [] for name in _HEADERS}
    files["orgs"] = list(_orgs(school))
    files["classes"] = list(_classes(school))
    for number, record in enumerate(school.learners):
        ids = {"UPN": record.upn, "formerUPN": record.former_upn, "admissionNumber": record.admission_number}
        _person(f"L{record.mis_id}", record, ids, "student", school.dfes, files, grade=record.year_group)
        files["demographics"].append({"sourcedId": f"L{record.mis_id}", "birthDate": str(record.birth_date or "")})
        _enrol(f"L{number}", f"L{record.mis_id}", (record.registration_group,), "student", school.dfes, files)
    for number, member in enumerate(school.staff):
        ids = {"staffCode": member.staff_code, "employeeNumber": member.employee_number}
        role = "principal" if member.role in ("Headteacher", "Pennaeth") else "teacher"
        _person(member.mis_id, member, ids, role, school.dfes, files)
        _enrol(f"S{number}", member.mis_id, member.classes, "teacher", school.dfes, files)
    path = folder / "oneroster.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.csv", _manifest())
        for name, lines in files.items():
            archive.writestr(f"{name}.csv", _csv(_HEADERS[name].split(","), lines))
    return path


def _orgs(school: DemoSchool) -> Iterator[Line]:
    yield {"sourcedId": f"LA-{AUTHORITY}", "name": "Cyngor Dyffryn Glas", "type": "district", "identifier": AUTHORITY}
    yield {
        "sourcedId": school.dfes, "name": school.name_cy, "type": "school", "identifier": school.dfes,
        "parentSourcedId": f"LA-{AUTHORITY}",
    }  # fmt: skip


def _classes(school: DemoSchool) -> Iterator[Line]:
    names = {record.registration_group for record in school.learners}
    names |= {name for member in school.staff for name in member.classes}
    for name in sorted(names):
        yield {
            "sourcedId": f"{school.dfes}-{name}", "title": name, "classCode": name, "classType": "homeroom",
            "schoolSourcedId": school.dfes,
        }  # fmt: skip


def _person(
    key: str, record: LearnerRecord | StaffRecord, ids: Line, role: str, school: str, files: dict[str, list[Line]], *,
    grade: str = "",
) -> None:  # fmt: skip
    known = ",".join(f"{{{kind}:{value}}}" for kind, value in ids.items() if value)
    files["users"].append(
        {
            "sourcedId": key, "enabledUser": "true", "userIds": known, "givenName": record.legal_forename,
            "familyName": record.legal_surname, "preferredGivenName": record.preferred_forename,
            "preferredFamilyName": record.preferred_surname, "grades": grade.zfill(2) if grade.isdigit() else grade,
            "primaryOrgSourcedId": school,
        }
    )  # fmt: skip
    files["roles"].append(
        {
            "sourcedId": f"R-{key}", "userSourcedId": key, "roleType": "primary", "role": role,
            "beginDate": str(record.start_date or ""), "endDate": str(record.leaving_date or ""),
            "orgSourcedId": school,
        }
    )  # fmt: skip


def _enrol(
    start: str, user: str, names: Sequence[str], role: str, school: str, files: dict[str, list[Line]]
) -> None:  # fmt: skip
    files["enrollments"] += [
        {
            "sourcedId": f"E-{start}-{name}", "classSourcedId": f"{school}-{name}", "schoolSourcedId": school,
            "userSourcedId": user, "role": role,
        }
        for name in names
    ]  # fmt: skip


def _manifest() -> str:
    lines = [("manifest.version", "1.0"), ("oneroster.version", "1.2")]
    lines += [(f"file.{name}", "bulk") for name in _HEADERS] + [(f"file.{name}", "absent") for name in _ABSENT]
    return _csv(["propertyName", "value"], [{"propertyName": name, "value": value} for name, value in lines])


def _csv(columns: Sequence[str], lines: list[Line]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
