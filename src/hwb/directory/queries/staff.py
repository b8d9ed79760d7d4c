"""Staff of one school in its list and records (ux.md B13, B14).

A school has few enough for their names to be keyed, filtered and sorted here. Of who left it shows its own last word,
and no username, state or reason that another school may have given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from hwb import names
from hwb.directory.queries import service_accounts
from hwb.directory.queries.people import PAGE_SIZE, Stay, stays_of
from hwb.directory.queries.rows import fetch
from hwb.extract.texts import Language
from hwb.identifiers import clean_staff_code
from hwb.lifecycle import explain, reasons
from hwb.lifecycle.service_accounts import Standing

StaffView = Literal["current", "leavers", "starting soon"]
StaffSort = Literal["name", "username", "staff code", "start", "leaving", "state"]


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One member of staff. `account` is None while there is none (starting soon, or refused). `here`: has a post now;
    `moved_on`: works at another school since, so that username, reason and state are empty and inactive;
    `short`: the reason in a few words, the date in words.
    """

    account: UUID | None
    surname: str
    forename: str
    username: str
    staff_code: str
    employee_number: str
    role: str
    classes: tuple[str, ...]
    start_date: date | None
    leaving_date: date | None
    missing_since: date | None
    active: bool
    reason_rule: str
    reason: str
    here: bool
    moved_on: bool
    arrived: date | None
    left_on: date | None
    last_sign_in: datetime | None = None
    second_step: bool = False
    short: str = ""


@dataclass(frozen=True, slots=True)
class StaffPage:
    """One page of a list. `total` counts what the filters leave; the views count without filters."""

    total: int
    page: int
    pages: int
    rows: tuple[StaffRow, ...]
    current: int
    leavers: int
    starting_soon: int


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """One member of staff's page. `stays`: posts here and, unless they moved on, elsewhere; never a later one.

    `mail`: how e-mail and files stand.
    """

    row: StaffRow
    legal_surname: str
    legal_forename: str
    email: str
    created_at: datetime
    stays: tuple[Stay, ...]
    mail: Standing | None


@dataclass(frozen=True, slots=True)
class _Found:
    row: StaffRow
    keys: dict[str, str]
    view: StaffView


def staff(
    *,
    school: str,
    language: Language,
    view: StaffView = "current",
    active: bool | None = None,
    role: str | None = None,
    among: Collection[UUID] | None = None,
    without_step: Collection[UUID] | None = None,
    never_signed_in: bool = False,
    search: str = "",
    sort: StaffSort = "name",
    descending: bool = False,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> StaffPage:
    """One page of the school's staff; a page beyond the last is empty.

    search: beginnings of parts of names or of the username, or a whole staff code. among: these accounts only;
    without_step: those of these accounts, and of all who teach a class, who have set up no second step;
    never_signed_in: those who have an account here and have not signed in. Raises KeyError for an unknown `sort`.
    """
    key = _SORTS[sort]
    everyone = _everyone(school, language)
    wanted = [
        each for each in everyone
        if each.view == view and _matches(each, search)
        and (active is None or each.row.active is active) and (role is None or each.row.role == role)
        and (among is None or each.row.account in among)
        and (without_step is None or _lacks_step(each.row, without_step))
        and (not never_signed_in or (each.row.account is not None and not each.row.last_sign_in))
    ]  # fmt: skip
    wanted.sort(key=lambda each: (*key(each.row), each.keys[f"sort_{language}"], str(each.row.account)))
    if descending:
        wanted.reverse()
    shown = wanted if size is None else wanted[(page - 1) * size : page * size]
    count = {name: sum(each.view == name for each in everyone) for name in ("current", "leavers", "starting soon")}
    return StaffPage(
        len(wanted), page, max(1, -(-len(wanted) // size)) if size else 1, tuple(each.row for each in shown),
        count["current"], count["leavers"], count["starting soon"],
    )  # fmt: skip


def _lacks_step(row: StaffRow, with_role: Collection[UUID]) -> bool:
    """Who needs a second step to sign in, by a role or by classes, and has none."""
    needs = row.here and row.account is not None and (bool(row.classes) or row.account in with_role)
    return needs and not row.second_step


def staff_member(*, account: UUID, school: str, language: Language) -> StaffRecord | None:
    """One member of staff as this school sees them; None for an account that never had a post there."""
    found = fetch(_ONE_OF_STAFF, {"school": school, "account": account})
    if not found:
        return None
    each, row = _found(found[0], language), found[0]
    until = each.row.left_on if each.row.moved_on else None
    surname, forename = (row["word_surname"], row["word_forename"]) if each.row.moved_on else (
        row["legal_surname"], row["legal_forename"]
    )  # fmt: skip
    email = "" if each.row.moved_on else row["email"]
    return StaffRecord(
        each.row, surname or "", forename or "", email, row["created_at"],
        stays_of(account, school=school, until=until), service_accounts.standing(row["mail"]),
    )  # fmt: skip


def similar_staff(*, school: str, search: str, language: Language, most: int = 10) -> tuple[StaffRow, ...]:
    """Current staff of this school whose names sound like what was typed and whom a search does not find."""
    found = [
        each for each in _everyone(school, language)
        if each.view == "current" and not _matches(each, search) and _sounds_like(each, search)
    ]  # fmt: skip
    return tuple(each.row for each in sorted(found, key=lambda each: each.keys[f"sort_{language}"])[:most])


def _sounds_like(each: _Found, search: str) -> bool:
    terms = list(zip(names.search_terms(search), names.near_terms(search), strict=True))
    found, near = each.keys["search_key"], f"{each.keys['near_key']} "
    return bool(terms) and all(f" {term}" in found or f" {sound} " in near for term, sound in terms)


def _everyone(school: str, language: Language) -> list[_Found]:
    with_account = [_found(row, language) for row in fetch(_STAFF, {"school": school, "account": None})]
    coming = [_coming(row) for row in fetch(_COMING, {"school": school})]
    return [*with_account, *coming]


def _found(row: dict[str, Any], language: Language) -> _Found:
    moved_on = row["moved_on"]
    source = "word" if moved_on else "account"
    shown = _names_of(row, source)
    keys = names.keys(*shown)
    code = "" if moved_on else row["reason_code"]
    values = row["reason_values"] or {}
    reason = reasons.sentence(code, values, language=language) if code else ""
    short = explain.short_reason(active=row["active"], code=code, values=values) if code else None
    own = {name: row[name] for name in _OWN}
    member = StaffRow(
        **own, surname=shown[2] or shown[0], forename=shown[3] or shown[1],
        username="" if moved_on else row["username"],
        classes=tuple(row["classes"] or ()), active=row["active"] and not moved_on,
        reason_rule="" if moved_on else row["reason_rule"], reason=reason,
        last_sign_in=None if moved_on else row["last_sign_in"], second_step=row["second_step"] and not moved_on,
        short=explain.say(short, language) if short else "",
    )  # fmt: skip
    return _Found(member, keys, "current" if member.here else "leavers")


def _coming(row: dict[str, Any]) -> _Found:
    shown = _names_of(row, "word")
    member = StaffRow(
        account=None, surname=shown[2] or shown[0], forename=shown[3] or shown[1], username="", active=False,
        reason_rule="", reason="", here=False, moved_on=False, arrived=None, left_on=None,
        **{**{name: row[name] for name in _OF_WORD}, "classes": tuple(row["classes"])},
    )  # fmt: skip
    return _Found(member, names.keys(*shown), "starting soon")


def _names_of(row: dict[str, Any], source: str) -> tuple[str, str, str, str]:
    """Legal surname and forename, preferred surname and forename: of the account, or of the school's word."""
    parts = ("surname", "forename", "preferred", "called") if source == "word" else _ACCOUNT_NAMES
    first, second, third, fourth = (row[f"word_{part}" if source == "word" else part] or "" for part in parts)
    return first, second, third, fourth


def _matches(each: _Found, search: str) -> bool:
    if not search.strip():
        return True
    terms, word = names.search_terms(search), search.strip()
    return (
        (bool(terms) and all(f" {term}" in each.keys["search_key"] for term in terms))
        or (bool(each.row.username) and each.row.username.startswith(word.lower()))
        or each.row.staff_code == clean_staff_code(word)
    )  # fmt: skip


_ACCOUNT_NAMES = ("legal_surname", "legal_forename", "preferred_surname", "preferred_forename")
_OF_WORD = ("staff_code", "employee_number", "role", "classes", "start_date", "leaving_date", "missing_since")
_OWN = ("account", "here", "moved_on", "arrived", "left_on", *(name for name in _OF_WORD if name != "classes"))
_LAST = date.max
_SORTS: dict[StaffSort, Callable[[StaffRow], tuple[Any, ...]]] = {
    "name": lambda _: (),
    "username": lambda row: (row.username,),
    "staff code": lambda row: (row.staff_code,),
    "start": lambda row: (row.start_date or _LAST,),
    "leaving": lambda row: (row.leaving_date or _LAST,),
    "state": lambda row: (row.active,),
}
_WORD = """
    coalesce(w.staff_code, '') AS staff_code, coalesce(w.employee_number, '') AS employee_number,
    coalesce(w.role, '') AS role, w.classes, w.start_date, w.leaving_date, w.missing_since,
    w.legal_surname AS word_surname, w.legal_forename AS word_forename, w.preferred_surname AS word_preferred,
    w.preferred_forename AS word_called
"""
_STAFF = f"""
WITH mine AS (
    SELECT account, bool_or(ended IS NULL) AS here, max(began) AS began,
           CASE WHEN bool_and(ended IS NOT NULL) THEN max(ended) END AS ended
    FROM placement WHERE school = %(school)s AND role = 'post'
        AND (%(account)s::uuid IS NULL OR account = %(account)s) GROUP BY account
)
SELECT DISTINCT ON (a.id) a.id AS account, m.here, m.began AS arrived, m.ended AS left_on, a.active, a.reason_rule,
    a.reason_code, a.reason_values, a.username, a.email, a.created_at, a.last_sign_in,
    EXISTS (SELECT FROM second_factor f WHERE f.account = a.id) AS second_step,
    a.legal_surname, a.legal_forename,
    a.preferred_surname, a.preferred_forename, {_WORD},
    NOT m.here AND EXISTS (SELECT FROM placement o WHERE o.account = m.account AND o.school <> %(school)s
                           AND (o.ended IS NULL OR o.ended >= m.ended)) AS moved_on
FROM mine m JOIN account a ON a.id = m.account AND a.retired_into IS NULL
LEFT JOIN staff_record w ON w.account = a.id AND w.school = %(school)s
ORDER BY a.id, w.leaving_date DESC NULLS FIRST
"""  # noqa: S608 - names of this file
_ONE_OF_STAFF = f"SELECT s.*, {service_accounts.MAIL} FROM ({_STAFF}) s JOIN account a ON a.id = s.account"  # noqa: S608 - as above
_COMING = f"""
SELECT {_WORD} FROM staff_record w WHERE w.school = %(school)s AND w.account IS NULL AND NOT w.refused
"""  # noqa: S608 - names of this file
