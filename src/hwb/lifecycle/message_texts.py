"""What a message says, in one language: whole sentences with counts and dates, and never a person's name (ux.md 10)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from hwb.extract.problems import headline
from hwb.extract.texts import N_, Both, Language, Text, ngettext, render
from hwb.lifecycle import explain_texts, reasons
from hwb.lifecycle.calendar import LONDON
from hwb.lifecycle.messages import DIGESTS, Kind

DOMAIN = "lifecycle"
Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class School:
    """The school that a message is about; either name may be empty."""

    dfes: str
    name_en: str = ""
    name_cy: str = ""

    def named(self) -> Both:
        return Both(self.name_en or self.name_cy or self.dfes, self.name_cy or self.name_en or self.dfes)


@dataclass(frozen=True, slots=True)
class Said:
    """One message in one language. ``items``: a list below the paragraphs. ``link``: what the link is called.

    ``school``: empty when the message is about none.
    """

    language: Language
    subject: str
    school: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...]
    link: str
    why: str
    change: str
    never: str


@dataclass(frozen=True, slots=True)
class _Body:
    subject: Text
    paragraphs: tuple[Text, ...]
    items: tuple[Both, ...] = ()


#: Where the link of each kind leads: a route of the portal, and whether a run's id belongs to it.
ROUTES: Mapping[Kind, str] = MappingProxyType({
    Kind.FAILING: "provisioning",
    Kind.HELD: "held-run",
    Kind.REFUSALS: "to-put-right",
    Kind.PASSED: "to-put-right",
    Kind.WAITED_FOR: "provisioning",
    Kind.ARRIVALS: "arrivals",
    Kind.WATCHED: "arrivals",
    Kind.DECISION: "decisions",
    Kind.MOVE: "move-request",
    Kind.CASE: "request",
    Kind.OWN_ACCOUNT: "own-account",
    Kind.CHAMPIONS: "people-with-access",
    Kind.ADDRESS: "school-settings",
    Kind.RECOVERY: "recover",
    Kind.RECOVERY_ADDRESS: "confirm-recovery-address",
    Kind.INVITATION: "first-sign-in",
    Kind.ASKED: "provisioning",
    Kind.EARLIER_WORK: "earlier-work",
})  # fmt: skip

_DECISION_ROUTES = {"authority": "area-decisions", "link": "authorisation-link"}
_FOUND = {"learner": "found-learner", "staff": "found-staff", "client": "provisioning"}


def route_of(kind: Kind, details: Details) -> str:
    """The route that a message's link leads to; an answer that was passed on has one of its own."""
    if kind is Kind.PASSED and details.get("about"):
        return _FOUND[details["about"]]
    if kind is Kind.ASKED and details["what"] == "refused":
        return ROUTES[Kind.REFUSALS]
    if kind is Kind.DECISION and details["what"] in _DECISION_ROUTES:
        return _DECISION_ROUTES[details["what"]]
    if kind is Kind.MOVE and details.get("for") == "head":
        return "decisions"
    if kind is Kind.EARLIER_WORK and details["what"] == "opened":
        return "school-home"
    if kind is Kind.WATCHED and details.get("staff", 0) == details["count"]:
        return "staff"
    return ROUTES[kind]


_LINKS = {
    Kind.FAILING: N_("See the school's runs"),
    Kind.HELD: N_("See the run that is held"),
    Kind.REFUSALS: N_("See the records to put right"),
    Kind.PASSED: N_("See the task"),
    Kind.WAITED_FOR: N_("See the school's runs"),
    Kind.ARRIVALS: N_("See who has arrived"),
    Kind.WATCHED: N_("See who has arrived"),
    Kind.DECISION: N_("See the request"),
    Kind.MOVE: N_("See the request"),
    Kind.CASE: N_("See your request"),
    Kind.OWN_ACCOUNT: N_("See your account"),
    Kind.CHAMPIONS: N_("See who has access"),
    Kind.ADDRESS: N_("See the school's settings"),
    Kind.RECOVERY: N_("Choose a new password"),
    Kind.RECOVERY_ADDRESS: N_("Confirm the address"),
    Kind.INVITATION: N_("Choose your password and sign in"),
    Kind.ASKED: N_("See the school's data"),
    Kind.EARLIER_WORK: N_("See what was asked for"),
}
_LINKS_OF_ROUTES = {"staff": N_("See the school's staff"), "school-home": N_("See the school's page")}
_WHY = {
    "champion": N_("You get this message because you are a Digital Champion at this school."),
    "mis_admin": N_("You get this message because you are an MIS administrator at this school."),
    "head": N_("You get this message because you are this school's headteacher."),
    "area_officer": N_("You get this message because you work for this school's local authority."),
    "client_manager": N_("You get this message because you look after this school's Provisioning Client."),
    "passed": N_("You get this message because a task was passed to you."),
    "owner": N_("You get this message because it is about your own account."),
    "invited": N_("You get this message because a school has given you a role in Hwb."),
    "watching": N_("You get this message because you asked to be told."),
    "asker": N_("You get this message because you asked Hwb Support."),
    "recovery": N_("You get this message because this is the recovery address of a Hwb account."),
}
_WHY_ADDRESS = N_("You get this message because this address is in the register of schools for this school.")
_CHANGE = N_("Change the language of your messages")
_CHANGE_DIGEST = N_("Change the language of your messages, or stop the daily summaries")
_CHANGE_ADDRESS = N_("To have the address or the language changed, ask Hwb Support: {email}")
_CHANGE_RECOVERY = N_("You change or remove the recovery address under Your account.")
_NEVER = N_("We never ask for a password by e-mail.")

#: Who did something, where no name may stand.
_ACTING = {
    "champion": N_("a Digital Champion"),
    "head": N_("the headteacher"),
    "mis_admin": N_("an MIS administrator"),
    "agent": N_("Hwb Support"),
    "operator": N_("a platform operator"),
    "client_manager": N_("whoever looks after your Provisioning Client"),
    "area_officer": N_("your local authority"),
}


def said(
    kind: Kind, details: Details, *, school: School, role: str, language: Language, support: str, to_account: bool
) -> Said:
    """The message in one language. ``role``: why the reader gets it; ``support``: the address of Hwb Support."""
    body = _BODIES[kind](details, school.named())

    def in_language(text: Text | str) -> str:
        return render(text if isinstance(text, Text) else Text(text), language=language, domain=DOMAIN)

    recovery = kind in (Kind.RECOVERY, Kind.RECOVERY_ADDRESS)
    change: Text | str = _CHANGE_DIGEST if kind in DIGESTS else _CHANGE_RECOVERY if recovery else _CHANGE
    if not to_account and not recovery:
        change = Text(_CHANGE_ADDRESS, {"email": support})
    return Said(
        language,
        in_language(body.subject),
        in_language(Text(N_("School: {school}"), {"school": school.named()})) if school.dfes else "",
        tuple(map(in_language, body.paragraphs)),
        tuple(item.said(language) for item in body.items),
        in_language(_LINKS_OF_ROUTES.get(route_of(kind, details), _LINKS[kind])),
        in_language(_WHY[role] if to_account or recovery else _WHY_ADDRESS),
        in_language(change),
        in_language(_NEVER),
    )


def _failing(details: Details, school: Both) -> _Body:
    since = details["since"]
    paragraphs = [Text(N_("There has been no successful run yet."))]
    subject = Text(N_("{school}: no data has reached Hwb yet"), {"school": school})
    if since:
        on = {"date": explain_texts.day(date.fromisoformat(since))}
        paragraphs = [Text(N_("The last successful run was on {date}."), on)]
        subject = Text(N_("{school}: no data has reached Hwb since {date}"), {"school": school, **on})
    cause = details["cause"]
    if cause == "failed":
        paragraphs.append(
            ngettext("{count} attempt has failed since then.", "{count} attempts have failed since then.",
                     details["failed"])
        )  # fmt: skip
        paragraphs.append(
            Text(N_("Reason for the newest one: {reason}."), {"reason": explain_texts.failure(details["code"])})
        )
    elif cause == "held":
        paragraphs.append(Text(N_("A run is held, and nothing of it is used until somebody decides about it.")))
    else:
        paragraphs.append(Text(N_("No attempt has been seen since then: the client may be switched off.")))
    if details["blocked"]:
        paragraphs.append(
            ngettext("{count} learner cannot move to the new school until this is put right.",
                     "{count} learners cannot move to their new schools until this is put right.", details["blocked"])
        )  # fmt: skip
    paragraphs.append(Text(_FAILING_STEPS[cause]))
    return _Body(subject, tuple(paragraphs))


_FAILING_STEPS = {
    "failed": N_("Next step, for whoever runs the client: put the reason right, then run “hwb-client check”."),
    "held": N_("Next step: a Digital Champion or the headteacher confirms the run that is held, or withdraws it."),
    "silent": N_("Next step, for whoever runs the client: switch it on, then run “hwb-client check”."),
}


def _held(details: Details, school: Both) -> _Body:
    on = explain_texts.day(date.fromisoformat(details["date"]))
    measured = [
        Both(*(reasons.measured_sentence(item["check"], measured=item["measured"], base=item["base"], language=language)
               for language in ("en", "cy")))
        for item in details["holds"]
    ]  # fmt: skip
    return _Body(
        Text(N_("{school}: a run is held and waits for a decision"), {"school": school}),
        (
            Text(N_("The run of {date} is held. Nothing has been changed by it."), {"date": on}),
            Text(N_("Next step: a Digital Champion or the headteacher looks at the list of people, and confirms the "
                    "run or withdraws it.")),
            Text(N_("Why it is held:")),
        ),
        tuple(measured),
    )  # fmt: skip


def _refusals(details: Details, school: Both) -> _Body:
    listed = [
        Both(*(f"{headline(code, language=language)}: {count}" for language in ("en", "cy")))
        for code, count in details["reasons"].items()
    ]
    return _Body(
        ngettext("{school}: {count} record to put right", "{school}: {count} records to put right",
                 details["count"], school=school),
        (
            ngettext("{count} record has been refused since the last summary. The account is as it was.",
                     "{count} records have been refused since the last summary. The accounts are as they were.",
                     details["count"]),
            Text(N_("Next step: put the records right in the MIS. The next run brings them.")),
            Text(N_("By reason:")),
        ),
        tuple(listed),
    )  # fmt: skip


def _passed(details: Details, school: Both) -> _Body:
    by = explain_texts.both(_ACTING[details["by"]])
    what = Text(_PASSED[details.get("about", "")], {"count": details["count"]})
    return _Body(
        Text(N_("{school}: a task was passed to you"), {"school": school}),
        (Text(N_("Passed to you by: {role}"), {"role": by}), what),
    )


_PASSED = {
    "": N_("Records to put right in the MIS: {count}"),
    "learner": N_("Learners whose record or account is to be looked at: {count}"),
    "staff": N_("Staff whose record or account is to be looked at: {count}"),
    "client": N_("Next step: look at the school's client, put right what stops it, and have it run."),
}


def _waited_for(details: Details, school: Both) -> _Body:
    asked = (Text(N_("Another school has asked us to tell you.")),) if details.get("asked") else ()
    return _Body(
        ngettext("{school}: {count} learner is waiting", "{school}: {count} learners are waiting", details["count"],
                 school=school),
        (
            *asked,
            ngettext("{count} learner is on roll at another school, while the account is still with this school.",
                     "{count} learners are on roll at other schools, while their accounts are still with this school.",
                     details["count"]),
            Text(N_("Next step: enter the leaving dates in the MIS, then run the client. If the learners have not "
                    "left, tell Hwb Support.")),
        ),
    )  # fmt: skip


def _arrivals(details: Details, school: Both) -> _Body:
    need = details["need_password"]
    return _Body(
        ngettext("{school}: {count} learner has arrived", "{school}: {count} learners have arrived", details["count"],
                 school=school),
        (
            ngettext("{count} learner has arrived since the last summary.",
                     "{count} learners have arrived since the last summary.", details["count"]),
            Text(N_("New accounts, whose learners need a first password: {count}"), {"count": need})
            if need else Text(N_("Their passwords came with them: nobody needs a new one.")),
        ),
    )  # fmt: skip


def _watched(details: Details, _school: Both) -> _Body:
    count, staff = details["count"], details.get("staff", 0)
    told = ngettext("A learner you were looking for has arrived",
                    "{count} of the learners you were looking for have arrived", count)  # fmt: skip
    if staff == count:
        told = ngettext("A member of staff you were looking for has an account now",
                        "{count} of the staff you were looking for have accounts now", count)  # fmt: skip
    elif staff:
        told = Text(N_("People you were looking for have accounts now: {count}"), {"count": count})
    return _Body(
        told,
        (Text(N_("Sign in to see who has arrived. You will not be told about them again.")),),
    )  # fmt: skip


def _decision(details: Details, school: Both) -> _Body:
    """M12: somebody is to authorise an account move, or by a link to confirm an e-mail that support recorded."""
    asked = N_("A former member of staff of this school asks to keep their Hwb account at their new school.")
    if details["what"] == "link":
        return _Body(
            Text(N_("{school}: please confirm an e-mail to Hwb Support"), {"school": school}),
            (
                Text(N_("Hwb Support has recorded an e-mail in which this school authorises an account move.")),
                Text(N_("If the school wrote it, open the link within 28 days and confirm. It works once.")),
                Text(N_("If not, do nothing and tell Hwb Support. Request: {reference}"),
                     {"reference": f"HW-{details['case']}"}),
            ),
        )  # fmt: skip
    if details["what"] == "expired":
        return _Body(
            Text(N_("{school}: a decision is not needed any more"), {"school": school}),
            (Text(N_("The request to move an account was closed after 28 days without a decision.")),),
        )
    instead = (Text(N_("The school's headteacher cannot decide here, so the local authority does.")),)
    return _Body(
        Text(N_("{school}: a decision is waiting for you"), {"school": school}),
        (
            Text(asked),
            *(instead if details["what"] == "authority" else ()),
            Text(N_("Sign in to see the request and to authorise or refuse it.")),
        ),
    )


_MOVED = {
    "invited": N_("You can ask to keep your earlier Hwb account"),
    "received": N_("We have your request to move your account"),
    "authorised": N_("Your previous school has authorised the move of your account"),
    "declined": N_("Your request to move your account was not authorised"),
    "refused": N_("Your request to move your account was closed"),
    "expired": N_("Your request to move your account has expired"),
    "joined": N_("Your accounts have been joined"),
    "undone": N_("The joining of your accounts was undone"),
}
_NEXT = {
    "invited": N_("Your new school has begun a request for you. Sign in to complete it."),
    "received": N_("We have asked your previous school. You need to do nothing more now."),
    "authorised": N_("Hwb Support checks the request next."),
    "declined": N_("You keep your new account. If you think that this is wrong, talk to your previous school."),
    "refused": N_("You keep your new account. Sign in to see why."),
    "expired": N_("Nobody decided within 28 days. You keep your new account, and can ask again."),
    "joined": N_("From now on use your earlier username, with your newest password. Your newer username leads there."),
    "undone": N_("From now on use the username of your new account again, with your newest password."),
}


def _move(details: Details, school: Both) -> _Body:
    """M13: how the request to move an account goes on."""
    if details.get("for") == "head":
        told = {
            "joined": N_("{school}: an account move that was authorised here is done"),
            "undone": N_("{school}: an account move that was authorised here was undone"),
        }
        return _Body(Text(told[details["what"]], {"school": school}), (Text(N_("There is nothing to do.")),))
    return _Body(
        Text(_MOVED[details["what"]]),
        (Text(_NEXT[details["what"]]), Text(N_("Request: {reference}"), {"reference": f"HW-{details['case']}"})),
    )


_WORK = {
    "ready": N_("Earlier Just2easy work can be opened"),
    "opened": N_("Just2easy work that is kept at your school was opened to a former learner"),
    "not possible": N_("Earlier Just2easy work: not possible"),
    "stopped": N_("Earlier Just2easy work was closed again"),
}


def _earlier_work(details: Details, _school: Both) -> _Body:
    """M20: earlier work can be opened, told to whoever asked and to the school that keeps it; or why it cannot."""
    what, reference = details["what"], {"reference": f"HW-{details['request']}"}
    asked = Text(N_("Request: {reference}"), reference)
    if what in ("not possible", "stopped"):
        return _Body(Text(_WORK[what]), (Text(N_("Sign in to see the reason.")), asked))
    days = {name: explain_texts.day(date.fromisoformat(details[name])) for name in ("first", "last")}
    when = Text(N_("From {first} to {last}."), days)
    if what == "opened":
        return _Body(
            Text(_WORK[what]),
            (
                Text(N_("Hwb Support has opened it at the request of the school where the learner is now.")), when,
                Text(N_("The work stays with your school. Nothing else changes, and there is nothing to do.")),
            ),
        )  # fmt: skip
    return _Body(
        Text(_WORK[what]),
        (
            Text(N_("A learner of your school can open the work that was made at an earlier school.")), when,
            Text(N_("It is in Just2easy, in the learner's list of spaces. Nothing else changes.")), asked,
        ),
    )  # fmt: skip


def _case(details: Details, _school: Both) -> _Body:
    """M14: support needs something of whoever asked, or has answered."""
    told = {
        "needs": N_("Hwb Support needs something from you"),
        "done": N_("Hwb Support has answered your request"),
    }
    following = {
        "needs": N_("Sign in to read what is needed and to answer."),
        "done": N_("Sign in to read the answer and what was done."),
    }
    reference = Text(N_("Request: {reference}"), {"reference": f"HW-{details['case']}"})
    return _Body(Text(told[details["what"]]), (Text(following[details["what"]]), reference))


def _own_account(details: Details, _school: Both) -> _Body:
    subjects = {
        "password": N_("Your Hwb password was changed"),
        "added": N_("A second step was added to your Hwb account"),
        "removed": N_("A second step was removed from your Hwb account"),
        "codes": N_("New recovery codes were made for your Hwb account"),
        "reset": N_("The second step was taken off your Hwb account"),
        "recovery": N_("A recovery code of your Hwb account was used"),
        "address": N_("The recovery address of your Hwb account was changed"),
    }
    return _Body(
        Text(subjects[details["what"]]),
        (
            Text(N_("When: {when}"), {"when": _moment(details["at"])}),
            Text(N_("If it was you, or you asked for it, there is nothing to do.")),
            Text(N_("If not: sign out everywhere, choose a new password, and tell Hwb Support at once.")),
        ),
    )


def _moment(iso: str) -> Both:
    moment = datetime.fromisoformat(iso).astimezone(LONDON)
    day = explain_texts.day(moment.date())
    return Both(f"{day.en}, {moment:%H:%M}", f"{day.cy}, {moment:%H:%M}")


def _invitation(details: Details, school: Both) -> _Body:
    return _Body(
        Text(N_("{school}: your way into Hwb"), {"school": school}),
        (
            Text(N_("You have a role at this school. The link below leads to your first sign-in.")),
            ngettext("It works once, and for {count} day. An earlier link no longer works.",
                     "It works once, and for {count} days. An earlier link no longer works.", details["days"]),
            Text(N_("If you did not expect this message, do not use the link.")),
        ),
    )  # fmt: skip


def _asked(details: Details, school: Both) -> _Body:
    by = explain_texts.both(_ACTING[details["by"]])
    return _Body(
        Text(N_("{school}: something is asked of you"), {"school": school}),
        (
            Text(N_("Asked by: {role}"), {"role": by}),
            Text(_ASKED[details["what"]]),
        ),
    )


_ASKED = {
    "held": N_("A run of your school is held, and nothing of it is used until you decide. Next step: look at it, then "
               "confirm or withdraw it."),
    "refused": N_("Records of your school were refused. Next step: put them right in your MIS; the next run takes "
                  "them."),
    "leaving dates": N_("Other schools wait for learners who have left yours. Next step: enter their leaving dates in "
                        "your MIS."),
    "new year": N_("Your data still shows last year's classes. Next step: finish the end-of-year procedures in your "
                   "MIS."),
    "matching": N_("A UPN in your data does not fit what other records say. Next step: compare its surname, date of "
                   "birth and UPN in your MIS with the transfer form; “Find my learner” says more."),
    "contact": N_("Your school's data is to be talked about. Next step: get in touch with whoever looks after your "
                  "Provisioning Client."),
}  # fmt: skip


def _champions(details: Details, school: Both) -> _Body:
    subjects = {
        "added": N_("{school}: a Digital Champion was added"),
        "removed": N_("{school}: a Digital Champion was removed"),
    }
    by = explain_texts.both(_ACTING[details["by"]])
    return _Body(
        Text(subjects[details["act"]], {"school": school}),
        (
            Text(N_("When: {when}"), {"when": _moment(details["at"])}),
            Text(N_("Done by: {role}"), {"role": by}),
            Text(N_("If you did not expect this, look at the list of people with access.")),
        ),
    )


def _address(details: Details, school: Both) -> _Body:
    on = {"date": explain_texts.day(date.fromisoformat(details["from"]))}
    return _Body(
        Text(N_("{school}: the registered address changes on {date}"), {"school": school, **on}),
        (
            Text(N_("From {date}, messages for this school go to another address."), on),
            Text(N_("If you did not expect this, tell Hwb Support before then.")),
        ),
    )


def _recovery(_details: Details, _school: Both) -> _Body:
    return _Body(
        Text(N_("Choose a new password for Hwb")),
        (
            Text(N_("Somebody, probably you, has forgotten the password of a Hwb account and asked for this link.")),
            Text(N_("The link works once, and for one hour.")),
            Text(N_("If it was not you, there is nothing to do: the password stays as it is.")),
        ),
    )


def _recovery_address(_details: Details, _school: Both) -> _Body:
    return _Body(
        Text(N_("Confirm your recovery address for Hwb")),
        (
            Text(N_("This address was given as the recovery address of a Hwb account.")),
            Text(N_("Confirm it within a day. Before that, no link to a new password is sent here.")),
            Text(N_("If you have no Hwb account, there is nothing to do.")),
        ),
    )


_BODIES: Mapping[Kind, Callable[[Details, Both], _Body]] = {
    Kind.FAILING: _failing,
    Kind.HELD: _held,
    Kind.REFUSALS: _refusals,
    Kind.PASSED: _passed,
    Kind.WAITED_FOR: _waited_for,
    Kind.ARRIVALS: _arrivals,
    Kind.WATCHED: _watched,
    Kind.DECISION: _decision,
    Kind.MOVE: _move,
    Kind.CASE: _case,
    Kind.OWN_ACCOUNT: _own_account,
    Kind.CHAMPIONS: _champions,
    Kind.ADDRESS: _address,
    Kind.RECOVERY: _recovery,
    Kind.RECOVERY_ADDRESS: _recovery_address,
    Kind.INVITATION: _invitation,
    Kind.ASKED: _asked,
    Kind.EARLIER_WORK: _earlier_work,
}
