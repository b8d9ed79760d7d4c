"""Events of a record in plain words (ux.md B9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

from hwb.directory.queries.timeline import Event
from hwb.web.words import N_, Text, day, moment, say

KINDS: Final = {
    "account": N_("Account"), "school": N_("School data"), "password": N_("Password"), "sign-in": N_("Signing in"),
}  # fmt: skip
#: Action of the log → (kind, what it says). Decisions and passwords say more by their reason.
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "create": ("account", N_("Account created")),
    "claim": ("account", N_("Account claimed, matched by UPN")),
    "release": ("account", N_("Account released")),
    "state": ("account", N_("Account state changed")),
    "details": ("school", N_("Name or date of birth changed in the MIS")),
    "place": ("school", N_("Year group or class changed in the MIS")),
    "rekey": ("school", N_("UPN changed in the MIS")),
    "guest": ("school", N_("Guest enrolment began")),
    "guest end": ("school", N_("Guest enrolment ended")),
    "wait": ("account", N_("On roll here, the account not yet")),
    "wait end": ("account", N_("The wait for the account is over")),
    "missing": ("school", N_("Missing from the run, without a leaving date")),
    "missing end": ("school", N_("In the run again")),
    "duplicate": ("account", N_("Possibly a second account of the same person")),
    "decision": ("account", N_("Decision about the account")),
    "decision end": ("account", N_("A decision about the account ended")),
    "decision reopen": ("account", N_("A decision about the account stands again")),
    "earlier work asked": ("account", N_("Asked for work from an earlier school")),
    "earlier work granted": ("account", N_("Work from an earlier school granted")),
    "earlier work refused": ("account", N_("Work from an earlier school: not possible")),
    "earlier work ready": ("account", N_("Work from an earlier school can be opened")),
    "earlier work ended": ("account", N_("Work from an earlier school closed again")),
    "consolidation": ("account", N_("Request to move an account")),
    "sessions ended": ("sign-in", N_("Signed out everywhere")),
    "session ended": ("sign-in", N_("Signed out on one device")),
    "second step added": ("sign-in", N_("Second step added")),
    "second step removed": ("sign-in", N_("Second step removed")),
    "second step reset": ("sign-in", N_("Second step taken away after a loss")),
    "second step reset asked": ("sign-in", N_("Asked for the second step to be taken away")),
    "second step reset refused": ("sign-in", N_("Second step left as it is")),
    "recovery codes made": ("sign-in", N_("Recovery codes made")),
    "recovery address chosen": ("sign-in", N_("Recovery address chosen")),
    "recovery address confirmed": ("sign-in", N_("Recovery address confirmed")),
    "recovery address removed": ("sign-in", N_("Recovery address removed")),
    "recovery code used": ("sign-in", N_("Signed in with a recovery code")),
    "sign-in unlocked": ("sign-in", N_("Signing in unlocked")),
    "password reset": ("password", N_("New password made")),
    "password chosen": ("password", N_("Password chosen by the learner")),
    "password shown": ("password", N_("Password shown")),
    "badge made": ("sign-in", N_("Badge made")),
    "badge shown": ("sign-in", N_("Badge printed")),
    "badge alone": ("sign-in", N_("Signing in with the badge alone allowed")),
    "pictures set": ("sign-in", N_("Three pictures set")),
    "pictures shown": ("sign-in", N_("Three pictures shown")),
    "pictures unlocked": ("sign-in", N_("The wait after wrong pictures was ended")),
}
_BY_REASON: Final[Mapping[tuple[str, str], str]] = {
    ("decision", "deactivated"): N_("Account switched off by the school"),
    ("decision", "safety"): N_("Account switched off for safety"),
    ("decision", "left"): N_("The school confirmed that the learner left"),
    ("decision", "suspended"): N_("Account suspended by Hwb Support"),
    ("decision end", "deactivated"): N_("Account no longer switched off by the school"),
    ("decision end", "safety"): N_("Account no longer switched off for safety"),
    ("decision end", "left"): N_("The confirmation that the learner left was taken back"),
    ("decision end", "suspended"): N_("Account no longer suspended by Hwb Support"),
    ("password reset", "typed"): N_("New password typed in"),
    ("password shown", "slip"): N_("Password printed on a slip"),
    ("badge made", "replaced"): N_("Badge replaced"),
    ("badge alone", "ended"): N_("Signing in with the badge alone no longer allowed"),
    ("state", "active"): N_("Account switched on"),
    ("state", "inactive"): N_("Account switched off"),
}
#: What is said otherwise of a member of staff.
_OF_STAFF: Final[Mapping[str, str]] = {
    "place": N_("Staff code, role or classes changed in the MIS"),
    "post": N_("Works here again"),
    "post end": N_("No longer works here"),
    "password chosen": N_("Password chosen by the member of staff"),
    "left": N_("The school confirmed that the member of staff left"),
}
_OTHER: Final = N_("Another change of the account")
#: What details may show, in this order. Other keys are numbers and codes that tell nobody anything.
_FIELDS: Final = {
    "legal_forename": N_("Legal forename"), "legal_surname": N_("Legal surname"),
    "preferred_forename": N_("Preferred forename"), "preferred_surname": N_("Preferred surname"),
    "birth_date": N_("Date of birth"), "upn": N_("UPN"), "year_group": N_("Year group"),
    "staff_code": N_("Staff code"), "employee_number": N_("Employee number"),
    "role": N_("Role in the MIS"), "registration_group": N_("Class"), "classes": N_("Teaching classes"),
    "state": N_("Account"), "grace_until": N_("Signing in works until"), "username": N_("Username"),
    "email": N_("E-mail"),
}  # fmt: skip
_STATES: Final = {"active": N_("Active"), "inactive": N_("Inactive")}


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after; empty where there was none."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as the timeline shows it. `by` and `school` are said; run_address is empty without a run to see."""

    kind: str
    title: str
    at: datetime
    by: str
    school: str
    school_language: str
    run_address: str
    differences: tuple[Difference, ...]
    unreadable: bool


def kind_of(event: Event) -> str:
    """Which of KINDS it belongs to."""
    return _SAID.get(event.action, ("account", ""))[0]


def happening(
    event: Event, *, school: tuple[str, str], run_address: str, of: Literal["learner", "staff"] = "learner"
) -> Happening:
    """The event in the page's language. school: the other school's name and its language."""
    return Happening(
        kind_of(event), say(_title(event, of)), event.at, _by(event, of), *(school if event.school else ("", "")),
        run_address, tuple(_differences(event)), event.unreadable,
    )  # fmt: skip


def _title(event: Event, of: str) -> str:
    reason = {
        "decision": event.reason, "decision end": str(event.after.get("kind", "")), "password reset": event.reason,
        "password shown": event.reason, "state": str(event.after.get("state", "")),
    }.get(event.action, "")  # fmt: skip
    if of == "staff" and (said := _OF_STAFF.get(reason if event.action == "decision" else event.action)):
        return said
    return _BY_REASON.get((event.action, reason)) or _SAID.get(event.action, ("", _OTHER))[1]


def _by(event: Event, of: str) -> str:
    if event.by == "person":
        return event.name
    if event.by == "run":
        return say(Text(N_("Run of {moment}"), {"moment": moment(event.run_at)})) if event.run_at else ""
    own = N_("The member of staff") if of == "staff" else N_("The learner")
    said = {"self": own, "support": N_("Hwb Support"), "service": N_("Hwb, by itself"), "nobody": ""}
    return say(said[event.by]) if said[event.by] else ""


def _differences(event: Event) -> list[Difference]:
    found = []
    for name, label in _FIELDS.items():
        if name == "role" and event.action != "place":  # what kind of place it is, no word of the MIS
            continue
        before, after = _written(name, event.before.get(name)), _written(name, event.after.get(name))
        if before != after:
            found.append(Difference(say(label), before, after))
    return found


def _written(name: str, value: Any) -> str:
    if value in (None, "", []):
        return ""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name in ("birth_date", "grace_until"):
        return day(date.fromisoformat(str(value)))
    return say(_STATES[value], domain="web") if name == "state" and value in _STATES else str(value)
