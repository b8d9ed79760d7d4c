"""An invented authority and its eight schools, as its registers have them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hwb.extract.records import LearnerRecord, StaffRecord

PRIMARY_YEARS = ("R", "1", "2", "3", "4", "5", "6")
SECONDARY_YEARS = ("7", "8", "9", "10", "11", "12", "13")


@dataclass
class DemoSchool:
    """One invented school, and whom its MIS has on the books.

    ``mis`` is how it writes its data; ``feeds`` the school its leavers go to; ``client`` who runs its client.
    """

    dfes: str
    name_en: str
    name_cy: str
    phase: str
    language: str
    roll: int
    team: int
    mis: str
    feeds: str = ""
    client: str = "authority"
    learners: list[LearnerRecord] = field(default_factory=list)
    staff: list[StaffRecord] = field(default_factory=list)

    @property
    def years(self) -> tuple[str, ...]:
        """Its year groups, the youngest first."""
        primary, secondary = self.phase != "secondary", self.phase != "primary"
        return PRIMARY_YEARS * primary + SECONDARY_YEARS * secondary

    def change(self, known: str, /, **values: Any) -> LearnerRecord:
        """Puts another word about the learner known under one UPN into the MIS; the record as it was."""
        position = next(n for n, record in enumerate(self.learners) if record.upn == known)
        before = self.learners[position]
        self.learners[position] = replace(before, **values)
        return before

    def change_staff(self, code: str, /, **values: Any) -> StaffRecord:
        """As :meth:`change`, for the member of staff with this code."""
        position = next(n for n, record in enumerate(self.staff) if record.staff_code == code)
        before = self.staff[position]
        self.staff[position] = replace(before, **values)
        return before

    def in_year(self, year: str) -> list[LearnerRecord]:
        """Learners on the books in one year group, those with a leaving date left out."""
        return [record for record in self.learners if record.year_group == year and record.leaving_date is None]


AUTHORITY = "671"
CWM, GLAN_AFON = "6719001", "6719002"
BRYN, HEOL, DDOL, TAN_YR_ALLT, LLAN, MAES = "6719011", "6719012", "6719013", "6719014", "6719015", "6719021"


def schools() -> list[DemoSchool]:
    """Numbers beginning 671 9 are used for examples only. A CTF knows no staff, so Llan sends learners alone."""
    return [
        DemoSchool(CWM, "Cwm High School", "Ysgol Uwchradd Cwm", "secondary", "en", 800, 71, "sims", client="Cwm"),
        DemoSchool(
            GLAN_AFON, "Ysgol Gyfun Glan Afon", "Ysgol Gyfun Glan Afon", "secondary", "cy", 560, 48, "teacher-centre",
            client="Glan Afon",
        ),
        DemoSchool(BRYN, "Bryn Primary", "Ysgol Gynradd Bryn", "primary", "en", 260, 21, "sims", CWM),
        DemoSchool(HEOL, "Heol Primary", "Ysgol Gynradd Heol", "primary", "en", 240, 20, "hwb", CWM),
        DemoSchool(DDOL, "Ysgol y Ddôl", "Ysgol y Ddôl", "primary", "cy", 220, 18, "oneroster", GLAN_AFON),
        DemoSchool(
            TAN_YR_ALLT, "Ysgol Tan-yr-allt", "Ysgol Tan-yr-allt", "primary", "cy", 190, 14, "teacher-centre", GLAN_AFON
        ),
        DemoSchool(LLAN, "Llan Primary", "Ysgol Gynradd Llan", "primary", "en", 170, 0, "ctf", CWM),
        DemoSchool(MAES, "Maes School", "Ysgol Maes", "special", "both", 60, 10, "hwb"),
    ]  # fmt: skip


def authorities_csv() -> str:
    """The register of authorities (interfaces.md)."""
    return (
        "code,name_en,name_cy,email,telephone\n"
        f"{AUTHORITY},Dyffryn Glas Council,Cyngor Dyffryn Glas,hwb@dyffryn-glas.example,01632 960671\n"
    )


def schools_csv(known: list[DemoSchool]) -> str:
    """The register of schools (interfaces.md)."""
    header = (
        "dfes_number,name_en,name_cy,phase,opened,closed,client_manager,language,registered_email,mis,client_contact"
    )
    lines = [
        f"{s.dfes},{s.name_en},{s.name_cy},{s.phase},,,{'local authority' if s.client == 'authority' else 'school'},"
        f"{s.language},swyddfa@{s.dfes}.example,{s.mis},cymorth@{s.dfes}.example"
        for s in known
    ]
    return "\n".join([header, *lines, ""])
