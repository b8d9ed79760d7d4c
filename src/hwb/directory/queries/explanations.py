"""Facts for an explanation (ux.md 5), for one person or for 300 UPNs at once, in the same few statements.

Learners: the people with every school's word; the schools concerned with their runs; and only where somebody needs
it, former UPNs (R9), when an account was released, namesakes, and a holder's final year: never more than six.
Staff: the school with its runs, and its staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hwb.directory.queries import explanation_rows as rows
from hwb.directory.queries import explanation_sql as sql
from hwb.directory.queries.rows import fetch
from hwb.identifiers import clean_staff_code, clean_upn
from hwb.lifecycle import calendar, explain_learners, identity
from hwb.lifecycle.calendar import london_date
from hwb.lifecycle.explain_facts import (
    LearnerFacts,
    Limits,
    SchoolSeen,
    StaffFacts,
    YearShare,
)
from hwb.lifecycle.facts import WaitCause

MOST_AT_ONCE = 300


def learner(*, upn: str, school: str, on: date, limits: Limits) -> LearnerFacts:
    """The facts of one UPN, former ones too, as ``school`` may ask about it."""
    return learners(upns=[upn], school=school, on=on, limits=limits)[clean_upn(upn)]


def learner_of_account(account: UUID, *, school: str, on: date, limits: Limits) -> LearnerFacts | None:
    """As :func:`learner` for a learner's account; None when there is no such account."""
    found = fetch("SELECT upn FROM account WHERE id = %(id)s AND upn <> ''", {"id": account})
    return learner(upn=found[0]["upn"], school=school, on=on, limits=limits) if found else None


def learners(*, upns: Sequence[str], school: str, on: date, limits: Limits) -> dict[str, LearnerFacts]:
    """The facts of up to 300 UPNs by cleaned UPN. Raises ValueError for more."""
    wanted = list(dict.fromkeys(clean_upn(upn) for upn in upns))
    if len(wanted) > MOST_AT_ONCE:
        raise ValueError(f"more than {MOST_AT_ONCE} UPNs at once")
    people = {row["asked"]: rows.Person.read(row) for row in fetch(sql.PEOPLE, {"upns": wanted})}
    former = _former(people, school)
    holders = {upn: _holder(people[upn], former.get(upn), school) for upn in wanted}
    seen = _schools({school, *(h for h in holders.values() if h)}, school, "learner", on=on, limits=limits)
    released = _released([people[upn] for upn in wanted])
    namesakes = _namesakes([people[upn] for upn in wanted if people[upn].is_free], school)
    shares = _final_years(people, former, holders, seen, on=on, limits=limits)
    asking = seen[school]
    found = {}
    for upn in wanted:
        person = people[upn]
        holder = holders[upn]
        found[upn] = LearnerFacts(
            upn,
            asking.school,
            person.learner,
            seen[holder].school if holder else None,
            former[upn].learner if upn in former else None,
            person.protected,
            person.decisions,
            asking.refusal_of(person, upn),
            asking.held_name_of(person, upn),
            released.get(person.account_id),
            person.last_holder,
            upn in namesakes,
            shares.get(upn),
            person.trouble_at(school),
            person.child_at(school),
            person.mail,
            person.arrived,
        )
    return found


def school_seen(*, school: str, on: date, limits: Limits) -> SchoolSeen:
    """A school's runs as far as they bear on its learners."""
    return _schools({school}, school, "learner", on=on, limits=limits)[school].school


def school_for(*, upn: str) -> str | None:
    """The school whose view counts when none is named: the one that waits, else the holder, else the last one."""
    found = fetch(sql.SCHOOL_FOR_UPN, {"upn": clean_upn(upn)})
    return str(found[0]["school"]) if found else None


def person_of(*, username: str) -> dict[str, Any] | None:
    """Whose a username is, former ones too: kind, account, upn, school, current; None when nobody's."""
    found = fetch(sql.PERSON_OF_USERNAME, {"username": username.strip().casefold()})
    return found[0] if found else None


def staff(
    *,
    school: str,
    asked: str = "",
    account: UUID | None = None,
    username: str = "",
    on: date,
    limits: Limits,
    for_owner: bool = False,
) -> StaffFacts:
    """The facts of one member of staff of a school, by account, by (a former) username, or by code or name.

    ``asked``: a staff code, a name in either order, or a username; whose code it is comes first, then whose name.
    ``for_owner``: for the account's owner, or support.
    """
    seen = _schools({school}, school, "staff", on=on, limits=limits)[school]
    members = [rows.Member.read(row) for row in fetch(sql.STAFF, {"school": school})]
    words = asked.strip()
    if account is not None:
        member = next((m for m in members if m.account_id == str(account)), None)
    elif username:
        member = next((m for m in members if username.strip().casefold() in m.usernames), None)
        words = words or username
    else:
        member = _named(members, words)
        if member is None and words:
            username = words  # nobody's code or name
            member = next((m for m in members if words.casefold() in m.usernames), None)
    refusals = seen.staff_refusals(member.member if member else None, words)
    return StaffFacts(
        seen.school,
        words,
        member.member if member else None,
        member is not None and member.protected,
        member.decisions if member else (),
        refusals,
        tuple(m.colleague for m in members if m.member.account is not None and m is not member),
        seen.is_held_staff(words, member.member if member else None),
        member.username if member else "",
        bool(member and username and username.strip().casefold() != member.username),
        for_owner,
    )


def _named(members: list[rows.Member], words: str) -> rows.Member | None:
    code, name = clean_staff_code(words), identity.folded(words)
    if not name:
        return None
    by_code = [m for m in members if m.member.entry.record.staff_code == code]
    by_name = [m for m in members if name in rows.spellings(m.member.entry.record)]
    # of several, the one who is still here
    found = sorted(by_code or by_name, key=lambda m: (m.member.entry.missing_since is not None, m.has_left))
    return found[0] if found else None


def _former(people: Mapping[str, rows.Person], school: str) -> dict[str, rows.Person]:
    """For learners who wait to be re-keyed (R9), the person of the former UPN that the school's record gives."""
    wanted = {}
    for upn, person in people.items():
        if dict(person.learner.waits).get(school) is WaitCause.REKEY:
            for entry in person.learner.entries:
                if entry.school == school and entry.record.former_upn:
                    wanted[upn] = entry.record.former_upn
    if not wanted:
        return {}
    found = {row["asked"]: rows.Person.read(row) for row in fetch(sql.PEOPLE, {"upns": list(wanted.values())})}
    return {upn: found[former] for upn, former in wanted.items()}


def _holder(person: rows.Person, former: rows.Person | None, school: str) -> str | None:
    """The *other* school that has the account."""
    account = person.learner.account or (former.learner.account if former else None)
    return account.holder if account is not None and account.holder != school else None


def _schools(wanted: set[str], asking: str, kind: str, *, on: date, limits: Limits) -> dict[str, rows.SchoolRow]:
    month, day = limits.policy.year_start
    began = datetime.combine(
        calendar.academic_year_start(on, month=month, day=day), datetime.min.time(), calendar.LONDON
    )
    found = fetch(sql.SCHOOLS, {"schools": sorted(wanted), "asking": asking, "kind": kind, "began": began})
    known = {row["dfes"]: rows.SchoolRow.read(row) for row in found}
    return {dfes: known.get(dfes) or rows.SchoolRow.unknown(dfes) for dfes in wanted}


def _released(people: Iterable[rows.Person]) -> dict[str | None, datetime]:
    """When accounts that nobody holds were let go."""
    ids = [person.account_id for person in people if person.is_free]
    if not ids:
        return {}
    return {row["account"]: row["at"] for row in fetch(sql.RELEASED, {"ids": ids})}


def _namesakes(people: list[rows.Person], school: str) -> set[str]:
    """UPNs whose name and birth date the school's newest records have under another UPN."""
    births = {p.learner.account.details.birth_date for p in people if p.learner.account} - {None}
    if not births:
        return set()
    there = fetch(sql.SAME_BIRTH_DATE, {"school": school, "dates": list(births)})
    found = set()
    for person in people:
        account = person.learner.account
        if account is None:
            continue
        own = {account.upn, *account.aliases}
        name = (identity.folded(account.details.legal_surname), identity.folded(account.details.legal_forename))
        if any(
            row["upn"] not in own
            and row["birth_date"] == account.details.birth_date
            and (identity.folded(row["legal_surname"]), identity.folded(row["legal_forename"])) == name
            for row in there
        ):
            found.add(person.asked)
    return found


def _final_years(
    people: Mapping[str, rows.Person],
    former: Mapping[str, rows.Person],
    holders: Mapping[str, str | None],
    seen: Mapping[str, rows.SchoolRow],
    *,
    on: date,
    limits: Limits,
) -> dict[str, YearShare]:
    """For learners at schools that have not run: their year group there, if it is a final one."""
    late = {dfes for dfes in holders.values() if dfes and _is_late(seen[dfes].school, on, limits.old_days)}
    if not late:
        return {}
    years: dict[str, dict[str, YearShare]] = {}
    for row in fetch(sql.YEARS, {"schools": sorted(late)}):
        share = YearShare(row["year_group"], row["missing"], row["total"])
        years.setdefault(row["school"], {})[row["year_group"]] = share
    found = {}
    for upn, holder in holders.items():
        if holder not in late:
            continue
        person = former.get(upn, people[upn]).learner
        group = next((e.record.year_group for e in person.entries if e.school == holder), "")
        groups = years.get(holder or "", {})
        if group in groups and explain_learners.final_year(seen[holder or ""].school.phase, tuple(groups), group):
            found[upn] = groups[group]
    return found


def _is_late(school: SchoolSeen, on: date, days: int) -> bool:
    return school.last_run is None or (on - london_date(school.last_run.at)).days > days
