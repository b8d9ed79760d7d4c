"""People as Hwb Support finds them by an exact word (E1), and everything about one in a case (E2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries.rows import fetch
from hwb.identifiers import clean_staff_code


@dataclass(frozen=True, slots=True)
class Spell:
    """One time at a school. ``role``: holding, guest or post."""

    school: str
    name_en: str
    name_cy: str
    role: str
    began: date
    ended: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision about the account that stands."""

    kind: str
    school: str
    reason: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class DeskPerson:
    """An account, whosever it is. ``near``: the school that has it, else the last one that had; empty for officials."""

    account: UUID
    kind: str
    active: bool
    name: str
    username: str
    upn: str
    protected: bool
    retired: bool
    year_group: str
    role: str
    spells: tuple[Spell, ...]
    standing: tuple[Standing, ...]

    @property
    def near(self) -> str:
        if not self.spells:
            return ""
        return max(self.spells, key=lambda one: (one.ended is None, one.role != "guest", one.ended or one.began)).school

    @property
    def suspended(self) -> bool:
        """Whether support has suspended the account."""
        return any(one.kind == "suspended" for one in self.standing)

    @property
    def barred(self) -> bool:
        """Whether only support can switch the account on again (R31)."""
        return self.suspended or any(one.kind == "safety" for one in self.standing)


def person(account: UUID) -> DeskPerson | None:
    """One person; None for an id that leads nowhere."""
    found = people([account])
    return found[0] if found else None


def people(accounts: Sequence[UUID]) -> tuple[DeskPerson, ...]:
    """These people, in the order of their usernames."""
    return tuple(_person(row) for row in fetch(_PEOPLE, {"accounts": list(accounts)}))


def by_upn(upn: str) -> list[UUID]:
    """Whose a UPN is, a former one too."""
    return _ids("SELECT account FROM upn WHERE upn = %(word)s AND account IS NOT NULL", upn)


def by_name(word: str) -> list[UUID]:
    """Whose a username or an e-mail address is, an earlier one too."""
    return _ids("SELECT DISTINCT account FROM name_owner WHERE value = %(word)s", word.casefold())


def by_staff_code(code: str, school: str) -> list[UUID]:
    """Who has, or last had, a staff code at a school."""
    found = fetch(_BY_CODE, {"code": clean_staff_code(code), "school": school})
    return [row["account"] for row in found]


def _ids(statement: str, word: str) -> list[UUID]:
    return [row["account"] for row in fetch(statement, {"word": word})]


def _person(row: dict[str, Any]) -> DeskPerson:
    spells = tuple(
        Spell(**{**one, "began": date.fromisoformat(one["began"]),
                 "ended": date.fromisoformat(one["ended"]) if one["ended"] else None})
        for one in row.pop("spells") or ()
    )  # fmt: skip
    standing = tuple(
        Standing(**{**one, "made_at": datetime.fromisoformat(one["made_at"])}) for one in row.pop("standing") or ()
    )
    return DeskPerson(**row, spells=spells, standing=standing)


_PEOPLE = """
SELECT a.id AS account, a.kind, a.active, a.username, a.upn, a.retired_into IS NOT NULL AS retired,
       concat_ws(' ', coalesce(nullif(a.preferred_forename, ''), a.legal_forename),
                      coalesce(nullif(a.preferred_surname, ''), a.legal_surname)) AS name,
       EXISTS (SELECT FROM protection p WHERE p.ended_at IS NULL AND (p.account = a.id
               OR p.upn <> '' AND p.upn IN (SELECT u.upn FROM upn u WHERE u.account = a.id))) AS protected,
       coalesce((SELECT r.year_group FROM upn u JOIN learner_record r ON r.upn = u.upn
                 JOIN placement p ON p.account = a.id AND p.school = r.school AND p.role = 'holding'
                 WHERE u.account = a.id ORDER BY p.ended IS NULL DESC, u.upn = a.upn DESC LIMIT 1), '') AS year_group,
       coalesce((SELECT s.role FROM staff_record s WHERE s.account = a.id LIMIT 1), '') AS role,
       (SELECT jsonb_agg(jsonb_build_object('school', p.school, 'name_en', coalesce(e.name_en, ''),
                         'name_cy', coalesce(e.name_cy, ''), 'role', p.role, 'began', p.began, 'ended', p.ended)
                         ORDER BY p.began, p.id)
        FROM placement p LEFT JOIN establishment e ON e.dfes = p.school WHERE p.account = a.id) AS spells,
       (SELECT jsonb_agg(jsonb_build_object('kind', d.kind, 'school', d.school, 'reason', d.reason,
                         'made_at', d.made_at) ORDER BY d.made_at)
        FROM decision d WHERE d.account = a.id AND d.ended_at IS NULL) AS standing
FROM account a WHERE a.id = ANY(%(accounts)s::uuid[]) ORDER BY a.username
"""
_BY_CODE = """
SELECT DISTINCT account FROM staff_record
WHERE school = %(school)s AND staff_code = %(code)s AND account IS NOT NULL
"""
