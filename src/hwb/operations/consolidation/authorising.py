"""(a) of R25: the previous headteacher's authorisation, online or by an e-mail that support recorded and proved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from hwb.directory.queries import consolidation as rows
from hwb.directory.queries import roles
from hwb.directory.queries.consolidation import Case
from hwb.lifecycle import calendar
from hwb.lifecycle.consolidation import EXPIRES, Decider, Event, Proof, Way
from hwb.lifecycle.consolidation_evidence import Item
from hwb.operations.consolidation import telling
from hwb.operations.consolidation.refusals import ConsolidationRefused
from hwb.operations.consolidation.storing import (
    NO_AUTHORISATION,
    following,
    lock,
    said_json,
    write,
)
from hwb.operations.desk.storing import note_refused
from hwb.operations.messages import links
from hwb.operations.transactions import in_transaction

#: Refusals that somebody's wrong hand causes, and that are therefore in the audit log (issue 7).
RECORDED = frozenset({"not_you", "oneself", "not_taken", "same_agent", "same_recorder", "link_used"})


@dataclass(frozen=True, slots=True)
class Word:
    """(a) as it is given: what the headteacher confirms of their former member of staff.

    ``leaving_date``: of which they say that it will be entered, when none has been received.
    """

    former_name: str
    school_name: str
    school: str
    username: str
    new_school_name: str
    leaving_confirmed: bool
    leaving_date: date | None = None


def authorise(*, number: int, word: Word, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The headteacher (or whoever decides in their place) authorises, on a page. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        _require_decider(case, acting_account, now)
        _store(cursor, case, word, Way.ONLINE, "headteacher", acting_user, now)
        if case.row.mover is not None:
            telling.staff(cursor, case.row.mover, number, "authorised", now=now)

    changed(number, work, acting_user, now)


def decline(*, number: int, reason: str, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """The headteacher does not authorise (``reason``: a text, or "unknown person"). Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        _require_decider(case, acting_account, now)
        state = following(case.row, Event.DECLINE)
        write(cursor, case.row, {"state": str(state), "closed_reason": reason.strip(), **NO_AUTHORISATION},
              event="declined", actor=acting_user, now=now)  # fmt: skip
        if case.row.mover is not None:
            telling.staff(cursor, case.row.mover, number, "declined", now=now)

    changed(number, work, acting_user, now)


def take_back(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Whoever may authorise thinks again, before the accounts are joined. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        _require_decider(case, acting_account, now)
        state = following(case.row, Event.TAKE_BACK)
        write(cursor, case.row, {"state": str(state), **NO_AUTHORISATION}, event="authorisation taken back",
              actor=acting_user, now=now)  # fmt: skip

    changed(number, work, acting_user, now)


def record_email(*, number: int, word: Word, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """An agent records an authorisation that came by e-mail; it counts once it is proved.

    Raises ConsolidationRefused.
    """

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        _store(cursor, case, word, Way.EMAIL, "agent", acting_user, now)

    changed(number, work, acting_user, now)


def telephoned(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """A second agent rang the registered number, and the school stands by its e-mail. Raises ConsolidationRefused."""

    def work(cursor: Any, case: Case) -> None:
        _require_not_own(case, acting_account)
        authorisation = case.row.authorisation
        if case.row.closed_at is not None or authorisation is None or authorisation.way is not Way.EMAIL:
            raise ConsolidationRefused("not_now")
        if authorisation.by == acting_user:
            raise ConsolidationRefused("same_recorder")
        values = {"proof": str(Proof.TELEPHONE), "proved_by": acting_user, "proved_at": now}
        write(cursor, case.row, values, event="telephoned", actor=acting_user, now=now)

    changed(number, work, acting_user, now)


def send_link(*, number: int, acting_account: UUID, acting_user: str, now: datetime) -> None:
    """Sends a link to the address that is registered for the school, and to no other; an earlier link ends.

    Raises ConsolidationRefused.
    """

    def work(cursor: Any, case: Case) -> None:
        require_owner(case, acting_account)
        if case.row.closed_at is not None or case.row.authorisation is None:
            raise ConsolidationRefused("not_now")
        school = case.asked.school if case.asked and case.asked.school else case.row.previous_school
        cursor.execute("SELECT registered_email FROM establishment WHERE dfes = %s", [school])
        address = cursor.fetchone()[0]
        if not address:
            raise ConsolidationRefused("no_address")
        link = uuid4()
        values = {"link": link, "link_sent_at": now, "link_opened_at": None}
        write(cursor, case.row, values, event="link sent", actor=acting_user, now=now)
        telling.registered_address(cursor, school, address, number, link, now=now)

    changed(number, work, acting_user, now)


def is_link_good(*, link: UUID, token: str, now: datetime) -> bool:
    """Whether the link may be used now: genuine, the newest of its case, not used and not older than 28 days."""
    return _usable(link, token, now) is None


def open_link(*, link: UUID, token: str, now: datetime) -> None:
    """The registered address's link is used, once: the recorded authorisation counts. Raises ConsolidationRefused."""
    why = _usable(link, token, now)
    row = rows.of_link(link)
    if why is not None or row is None:
        if row is not None:
            note_refused(number=row.number, code=why or "link_used", actor="registered address", now=now)
        raise ConsolidationRefused("link_used")

    def work(cursor: Any, case: Case) -> None:
        if case.row.link != link or case.row.link_opened_at is not None or case.row.authorisation is None:
            raise ConsolidationRefused("link_used")
        values = {
            "link_opened_at": now, "proof": str(Proof.LINK), "proved_by": "registered address", "proved_at": now,
        }  # fmt: skip
        write(cursor, case.row, values, event="link opened", actor="registered address", now=now)

    changed(row.number, work, "registered address", now)


def may_decide(case: Case, account: UUID, *, today: date) -> bool:
    """Whether the account is one that may authorise here, and not one of the person's own."""
    movers = {one.id for one in (case.held.kept, case.held.retiring) if one is not None}
    if case.asked is None or str(account) in movers:
        return False
    person = roles.find(account, today=today)
    if person is None or not person.active:
        return False
    if case.asked.decider is Decider.AUTHORITY:
        return any(role.role == "area_officer" and role.area == case.asked.area for role in person.roles)
    return any(role.role == "head" and role.school == case.asked.school for role in person.roles)


def require_owner(case: Case, account: UUID) -> None:
    """Only the agent who has the case acts on it, and nobody on their own accounts. Raises ConsolidationRefused."""
    _require_not_own(case, account)
    if case.row.owner != account:
        raise ConsolidationRefused("not_taken")


def _require_not_own(case: Case, account: UUID) -> None:
    if str(account) in {one.id for one in (case.held.kept, case.held.retiring) if one is not None}:
        raise ConsolidationRefused("oneself")


def _require_decider(case: Case, account: UUID, now: datetime) -> None:
    _require_not_own(case, account)
    if not may_decide(case, account, today=calendar.london_date(now)):
        raise ConsolidationRefused("not_you")


def _store(cursor: Any, case: Case, word: Word, way: Way, source: str, actor: str, now: datetime) -> None:
    values = {
        Item.FORMER_NAME: word.former_name, Item.PREVIOUS_SCHOOL: word.school_name, Item.PREVIOUS_NUMBER: word.school,
        Item.PREVIOUS_USERNAME: word.username, Item.MOVES_TO: word.new_school_name,
        Item.LEAVING_CONFIRMED: "confirmed" if word.leaving_confirmed else "",
    }  # fmt: skip
    said = {**case.row.said, **{item: (value.strip(), source) for item, value in values.items()}}
    stated = {
        **NO_AUTHORISATION, "state": str(following(case.row, Event.AUTHORISE)), "said": said_json(said),
        "way": str(way), "authorised_by": actor, "authorised_at": now, "leaving_said": word.leaving_date,
    }  # fmt: skip
    event = "authorised" if way is Way.ONLINE else "e-mail recorded"
    write(cursor, case.row, stated, event=event, actor=actor, now=now)


def changed(number: int, work: Any, actor: str, now: datetime) -> None:
    """One change of a case in its transaction; a refusal that shows a wrong hand is recorded in one of its own."""

    def whole() -> None:
        with connection.cursor() as cursor:
            work(cursor, lock(cursor, number, now=now))

    try:
        in_transaction(whole)
    except ConsolidationRefused as wrong:
        if wrong.code in RECORDED:
            note_refused(number=number, code=wrong.code, actor=actor, now=now)
        raise


def _usable(link: UUID, token: str, now: datetime) -> str | None:
    row = rows.of_link(link)
    genuine = links.is_token(str(link), token)
    if row is None or not genuine or row.closed_at or row.link_opened_at or row.link_sent_at is None:
        return "link_used"
    return "link_used" if now - row.link_sent_at > EXPIRES else None
