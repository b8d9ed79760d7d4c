# ruff: noqa: S608 - the statement is put together from constants only
"""What a school can know of passwords, by account: never a password (R10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries import attempts
from hwb.directory.queries.rows import fetch
from hwb.lifecycle import passwords
from hwb.lifecycle.attempts import Trouble
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.passwords import Made, PasswordFacts, PasswordState, Place


@dataclass(frozen=True, slots=True)
class PasswordRow:
    """One account. ``names`` are the person's own, username included; ``year_group`` that of the school that has a
    learner; ``arrived`` the day that school got the account; ``shown_at`` when the made password was last shown;
    ``trouble`` with signing in."""

    account: UUID
    kind: str
    active: bool
    username: str
    names: tuple[str, ...]
    year_group: str
    places: tuple[Place, ...]
    arrived: date | None
    facts: PasswordFacts
    must_change: bool
    made_at: datetime | None
    shown_at: datetime | None
    last_sign_in: datetime | None
    trouble: Trouble

    def state(self, *, school: str | None = None) -> PasswordState:
        """As ``school`` sees it; without one, as the school that has the account does."""
        return passwords.state(self.facts, school=school)

    def is_of(self, school: str) -> bool:
        """Whether the school has the account now: holds the learner, or has the staff member's post."""
        return any(p.school == school and p.until is None and p.role in ("holding", "post") for p in self.places)

    def is_guest_of(self, school: str) -> bool:
        return any(p.school == school and p.until is None and p.role == "guest" for p in self.places)

    def can_sign_in(self, *, school: str) -> bool:
        """The account is active and has a password, whoever knows it."""
        return self.active and self.state(school=school) is not PasswordState.NONE

    def last_sign_in_since(self, day: date) -> datetime | None:
        """The last sign-in if it was on that day or later: of those at an earlier school nothing is told."""
        last = self.last_sign_in
        return last if last is not None and london_date(last) >= day else None

    @property
    def never_signed_in_here(self) -> bool:
        """No sign-in since the school that has the account got it."""
        if self.last_sign_in is None:
            return True
        return self.arrived is not None and london_date(self.last_sign_in) < self.arrived

    def cannot_sign_in_yet(self, *, school: str | None = None) -> bool:
        """Nobody here has a password to give: none yet, or one of another school and no sign-in since."""
        state = self.state(school=school)
        if state is PasswordState.NOT_HELD_HERE:
            return self.never_signed_in_here
        return state is PasswordState.NONE


def of_school(school: str) -> dict[UUID, PasswordRow]:
    """Everybody whom the school has now, guests left out, by account."""
    found = fetch(_OF_SCHOOL, {"school": school})
    return of_accounts([row["account"] for row in found])


def of_learners(school: str) -> dict[UUID, PasswordRow]:
    """Every learner whom the school has or had, guests too, by account."""
    found = fetch(_LEARNERS, {"school": school})
    return of_accounts([row["account"] for row in found])


def of_accounts(accounts: Collection[UUID]) -> dict[UUID, PasswordRow]:
    """The accounts that exist among these, by id."""
    asked = {"ids": list(accounts)}
    if not asked["ids"]:
        return {}
    return {row["id"]: _row(row, _spells(row["spells"])) for row in fetch(_ACCOUNTS, asked)}


def _spells(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The placements with their days as dates."""
    days = ("began", "ended")
    return [{**one, **{day: date.fromisoformat(one[day]) if one[day] else None for day in days}} for one in found]


def made_by_form(form: UUID, *, accounts: Collection[UUID], made_by: str) -> frozenset[UUID]:
    """Those of the accounts whose password is the one that this form of this person asked for."""
    asked = {"form": form, "ids": list(accounts), "by": made_by}
    return frozenset(row["account"] for row in fetch(_OF_FORM, asked))


def _row(row: Mapping[str, Any], spells: list[dict[str, Any]]) -> PasswordRow:
    places = tuple(Place(s["school"], s["role"], s["ended"]) for s in spells)
    held = next((s for s in spells if s["ended"] is None and s["role"] in ("holding", "post")), None)
    return PasswordRow(
        row["id"], row["kind"], row["active"], row["username"], tuple(filter(None, row["names"])),
        held["year_group"] if held else "", places, held["began"] if held else None, facts(row, places),
        bool(row["must_change"]), row["made_at"], row["shown_at"], row["last_sign_in"],
        attempts.read(row),
    )  # fmt: skip


def facts(row: Mapping[str, Any], places: Collection[Place]) -> PasswordFacts:
    """The facts of one row that has ``has_hash``, ``made_for`` (null when nothing was made) and ``hidden``."""
    made = None if row["made_for"] is None else Made(row["made_for"].strip(), row["hidden"])
    return PasswordFacts(row["has_hash"] and made is None, made, passwords.schools_of(places))


_OF_SCHOOL = """
SELECT DISTINCT account FROM placement
WHERE school = %(school)s AND ended IS NULL AND role IN ('holding', 'post')
"""

_LEARNERS = """
SELECT DISTINCT account FROM placement WHERE school = %(school)s AND role IN ('holding', 'guest')
"""

_PLACES = """
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'school', p.school::text, 'role', p.role, 'began', p.began, 'ended', p.ended,
        'year_group', coalesce(l.year_group, '')) ORDER BY p.began, p.id), '[]')
    FROM placement p LEFT JOIN LATERAL (
        SELECT r.year_group FROM upn u JOIN learner_record r ON r.upn = u.upn AND r.school = p.school
        WHERE u.account = p.account AND p.role = 'holding' AND p.ended IS NULL
        ORDER BY (u.upn = a.upn) DESC LIMIT 1
    ) l ON true
    WHERE p.account = a.id
"""

_ACCOUNTS = f"""
SELECT {attempts.COLUMNS}, a.id, a.kind, a.active, a.username, a.last_sign_in, a.password <> '' AS has_hash,
       array[a.username, a.legal_surname, a.legal_forename, a.preferred_surname, a.preferred_forename] AS names,
       f.school::text AS made_for, f.hidden_at IS NOT NULL AS hidden, f.must_change, f.made_at, f.shown_at,
       ({_PLACES}) AS spells
FROM account a LEFT JOIN first_password f ON f.account = a.id
WHERE a.id = ANY(%(ids)s) ORDER BY a.id
"""

_OF_FORM = """
SELECT account FROM first_password WHERE account = ANY(%(ids)s) AND form = %(form)s AND made_by = %(by)s
"""
