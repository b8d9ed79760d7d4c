"""What the records of learners and of staff have in common (ux.md B9, B14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Protocol
from uuid import UUID

from hwb.directory.queries import timeline
from hwb.directory.queries.passwords import PasswordRow
from hwb.directory.queries.people import Stay
from hwb.directory.queries.timeline import Event
from hwb.lifecycle.passwords import PasswordState
from hwb.lifecycle.service_accounts import Standing, State
from hwb.portal.answers import Answer, address
from hwb.portal.happenings import KINDS, Happening, happening, kind_of
from hwb.web.frame import name_in_language
from hwb.web.lists import Listing
from hwb.web.page import PageRequest
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, moment, say


class Row(Protocol):
    """A learner or member of staff as the school sees them."""

    @property
    def username(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def moved_on(self) -> bool: ...
    @property
    def arrived(self) -> date | None: ...
    @property
    def left_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do about the person: a link, or with `post` a button."""

    text: str
    address: str
    post: bool = False


def schools_named(stays: Sequence[Stay], school: str, *, protected: bool) -> dict[str, tuple[str, str]]:
    """School number → its name and the name's language. Of protected people no other school is named."""
    found = {}
    for stay in stays:
        named = name_in_language(stay.name_en, stay.name_cy)
        found[stay.school] = named if named[0] else (stay.school, "")
    unnamed = (say(N_("Another school")), "")
    return {number: named if number == school or not protected else unnamed for number, named in found.items()}


def on_record(answer: Answer, *, active: bool) -> Answer:
    """The answer as the record itself shows it: of an active account it would lead to this very page, so it is
    nobody's turn."""
    return replace(answer, owner="", next_step="") if active and answer.code in ("LX01", "SX11") else answer


def account_rows(
    row: Row,
    email: str,
    known: PasswordRow | None,
    school: str,
    *,
    mail: Standing | None,
    why: str,
    of: Literal["learner", "staff"] = "learner",
    pictures: bool | None = None,
) -> list[dict[str, Any]]:
    """The account, its password and the last sign-in here; nothing of somebody who moved on. why: as lists say it.

    pictures: of a small child, whether it signs in with pictures or a badge as things are; None for everybody else.
    """
    if row.moved_on or known is None:
        return []
    state = known.state(school=school)
    last = known.last_sign_in_since(row.arrived) if row.arrived else None
    password: dict[str, Any] = {"status": "password", "value": str(state)}
    if of == "staff" and state is PasswordState.CHOSEN:
        password = {"value": say(N_("Set by the member of staff"))}
    locked: list[dict[str, Any]] = []
    if known.trouble.locked is not None:
        locked.append({"label": N_("Locked until"), "value": moment(known.trouble.locked)})
    elif known.trouble.closed:
        locked.append({"label": N_("Signing in"), "value": say(N_("Only on devices that know the account"))})
    return [
        {"label": N_("Username"), "value": row.username, "own": True},
        {"label": N_("E-mail"), "value": email, "own": True},
        {"label": N_("Account"), "status": "account", "value": "active" if row.active else "inactive",
         "note": why},
        {"label": N_("Password"), **password, "note": _password_note(state, known, pictures)},
        {"label": N_("Last sign-in"), "value": moment(last) if last else say(N_("Never signed in here"))},
        *locked,
        *([] if mail is None else [_mail_row(mail)]),
    ]  # fmt: skip


def _mail_row(mail: Standing) -> dict[str, Any]:
    """E-mail and files: ready, moving or ended."""
    if mail.since is not None:
        since = say(Text(N_("Waiting since {moment}."), {"moment": moment(mail.since)}))
        return {"label": N_("E-mail and files"), "value": say(N_("Moving")), "note": since}
    return {"label": N_("E-mail and files"), "value": say(N_("Ready") if mail.state is State.READY else N_("Ended"))}


def happened(
    request: PageRequest,
    row: Row,
    dfes: str,
    names: dict[str, tuple[str, str]],
    *,
    account: UUID,
    of: Literal["learner", "staff"] = "learner",
) -> dict[str, Any]:
    """The timeline for `parts/happenings.html`: happenings, their paging, and links to each kind."""
    listing = Listing.of(request, filters=("kind",), sorts=("when",))
    left = row.left_on if row.moved_on else None
    events = timeline.events(account=account, school=dfes, began=row.arrived or date.min, left=left)
    kind = listing.filters["kind"]
    kept = [event for event in events if kind not in KINDS or kind_of(event) == kind]
    paging = listing.paging(len(kept))
    seen = may(request.person, Action.SEE_RUNS, school=dfes)
    shown = [_happening(event, dfes, names, seen, of) for event in kept[paging.offset : paging.last]]
    kinds = [
        (say(text), listing.address(kind=key), listing.filters["kind"] == key)
        for key, text in (("", N_("Everything")), *KINDS.items())
    ]
    return {"happenings": shown, "paging": paging, "kinds": kinds}


def _password_note(state: PasswordState, known: PasswordRow, pictures: bool | None) -> str:
    if state is PasswordState.NOT_HELD_HERE:
        return say(N_("The password was made at another school, or was shown before. It still works."))
    if state is PasswordState.VISIBLE and known.must_change:
        return say(N_("Must be changed at the next sign-in."))
    if state is PasswordState.NONE and pictures is False:
        return say(N_("Nobody can sign in with this account before three pictures are set or a password is made."))
    if state is PasswordState.NONE and pictures is None:
        return say(N_("Nobody can sign in with this account before a password is made."))
    return ""


def _happening(
    event: Event, dfes: str, names: dict[str, tuple[str, str]], seen: bool, of: Literal["learner", "staff"]
) -> Happening:
    elsewhere = names.get(event.school, (say(N_("Another school")), ""))
    run = address("run-detail", dfes=dfes, run=event.run) if seen and event.run else ""
    return happening(event, school=elsewhere, run_address=run, of=of)
