"""The signed-in person's own pages: where to begin, account, password (A6, A8)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import consolidation, explanations, messages, movers, own, roles, second_step
from hwb.lifecycle import explain
from hwb.operations import consolidation as cases
from hwb.operations import passwords, sessions, settings
from hwb.signin.forms import OwnPasswordForm
from hwb.signin.letters import LANGUAGES
from hwb.signin.steps import KINDS
from hwb.web import again, banner, move_words, session
from hwb.web.forms import PageForm
from hwb.web.frame import name_in_language, places, show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action, may
from hwb.web.words import N_, Text, day, say

#: In the session of somebody new who is to be asked whether they worked at another school in Wales.
ASK_MOVE = "ask-move"


class MoveQuestionForm(PageForm):
    """Whether to keep the new account; it never says whether there is an old one."""

    answer = forms.ChoiceField(
        label=N_("Did you work at another school in Wales?"), widget=forms.RadioSelect,
        choices=[
            ("new", N_("Keep this new account")), ("old", N_("I want to keep my old account")),
            ("later", N_("Ask me later")),
        ],
    )  # fmt: skip
    errors_said: ClassVar = {"answer": {"required": N_("Choose one of the answers")}}


@dataclass(frozen=True, slots=True)
class Device:
    """Where one is signed in; here: the very browser that asks."""

    id: UUID
    browser: str
    system: str
    began: datetime
    used: datetime
    here: bool


@page(Action.OWN_ACCOUNT)
def start(request: PageRequest) -> HttpResponse:
    """Leads to the pages of the reader's role, or one of several; everybody else sees their services.

    Somebody new is asked first whether they worked at another school (ux.md 6.6).
    """
    if request.session.get(ASK_MOVE):
        return HttpResponseRedirect(reverse("move-question"))
    found = places(request.person)
    with_pages = [place for place in found if place.address]
    if len(with_pages) == 1 and "all" not in request.GET:
        return HttpResponseRedirect(with_pages[0].address)
    if not found:
        return HttpResponseRedirect(reverse("launcher"))
    title = N_("Choose a school or role")
    return show(request, "signin/start.html", title=title, places=found)


@page(Action.OWN_ACCOUNT)
def account(request: PageRequest) -> HttpResponse:
    """A8: who one is here, how one signs in, and where one is signed in."""
    return show(
        request, "signin/account.html", title=N_("Your account"), rows=_rows(request), places=places(request.person),
        devices=_devices(request), helps=may(request.person, Action.RESET_SECOND_STEP), **_move(request),
    )  # fmt: skip


@page(Action.OWN_ACCOUNT, methods="GET POST")
def move_question(request: PageRequest) -> HttpResponse:
    """Asked once, at the first sign-in, of somebody new (ux.md 6.6)."""
    form = MoveQuestionForm.of(request)
    if form.is_sent():
        answer = form.cleaned_data["answer"]
        cases.answer(account=request.person.account, answer=answer, now=clock.now())
        request.session.pop(ASK_MOVE, None)
        return HttpResponseRedirect(reverse("move" if answer == "old" else "start"))
    title = N_("Did you work at another school in Wales?")
    return show(request, "signin/move_question.html", title=title, form=form)


def _move(request: PageRequest) -> dict[str, Any]:
    """Of a member of staff: the request to move an account, and whether an earlier one can be kept (SX10)."""
    person, today = request.person, clock.today()
    if person.kind != "staff":
        return {}
    case = consolidation.newest_of(person.account, on=today)
    found = {"move": case and {"reference": case.row.reference, "stands": move_words.STATUS[case.status]}}
    posts = movers.posts_of(person.account)
    if len(posts) != 1 or case is not None:
        return found
    facts = explanations.staff(
        school=posts[0].school, account=person.account, on=today, limits=settings.explanation_limits(), for_owner=True
    )
    told = explain.staff(facts, on=today, limits=settings.explanation_limits())
    return {**found, "keeps": explain.say(told.headline, request.language) if told.code == "SX10" else ""}


@page(Action.OWN_ACCOUNT, sets_up=True)
def stay(request: PageRequest) -> HttpResponse:
    """Asked for by "Stay signed in": that it was asked keeps the session, as every click does."""
    del request
    return HttpResponse(status=204)


@page(Action.OWN_ACCOUNT, methods="POST")
def end_session(request: PageRequest, device: UUID) -> HttpResponse:
    """Ends one of one's own sessions; one's own of now is ended by signing out."""
    ended = not is_switch(request) and sessions.end_one(
        account=request.person.account, device=device, acting_user=acting(request), now=clock.now()
    )
    if ended:
        banner.put(request, Text(N_("You are signed out there.")))
    return HttpResponseRedirect(reverse("own-account"))


def _rows(request: PageRequest) -> list[dict[str, Any]]:
    person = request.person
    known, step = roles.find(person.account, today=clock.today()), second_step.of_account(person.account)
    changed, chosen = own.password_changed(person.account), messages.choice(person.account)
    schools = [name_in_language(school.name_en, school.name_cy)[0] for school in own.schools(person.account)]
    change = N_("Change")
    found: list[dict[str, Any]] = [
        {"label": N_("Name"), "value": person.name},
        {"label": N_("Username"), "value": person.username},
        {"label": N_("E-mail"), "value": known.email if known else ""},
        {"label": N_("Schools"), "value": "\n".join(schools)},
        {
            "label": N_("Password"), "address": reverse("own-password"), "action": change,
            "value": say(Text(N_("Last changed on {date}"), {"date": day(changed)})) if changed else say(N_("Set")),
        },
        {
            "label": N_("Second step"), "address": reverse("own-second-step"),
            "action": change if step.factors else N_("Set up"),
            "value": "\n".join(say(KINDS[factor.kind]) for factor in step.factors) or say(N_("None")),
        },
        {
            "label": N_("Language of pages"), "address": reverse("own-messages"), "action": change,
            "value": say(LANGUAGES[chosen.pages] if chosen.pages else N_("As the page where I sign in")),
        },
        {
            "label": N_("Language of messages"), "address": reverse("own-messages"), "action": change,
            "value": say(LANGUAGES[chosen.language]),
        },
    ]  # fmt: skip
    if person.kind != "learner":
        found.insert(5, _recovery(person.account))
    return [row for row in found if row["value"]]


def _recovery(account: UUID) -> dict[str, Any]:
    known = own.recovery_address(account)
    waits = f"\n{say(N_('Waits to be confirmed'))}" if known and not known.confirmed else ""
    return {
        "label": N_("Recovery address"),
        "address": reverse("own-recovery-address"),
        "action": N_("Change") if known else N_("Set up"),
        "value": f"{known.address}{waits}" if known else say(N_("None")),
    }


def _devices(request: PageRequest) -> list[Device]:
    now = time.time()
    found = []
    for row in own.sessions(request.person.account, at=datetime.now(UTC)):
        seen = float(request.session.decode(row.data).get(session.SEEN, 0))
        if not session.is_stale(request.person.kind, began=row.began.timestamp(), seen=seen, now=now):
            used = datetime.fromtimestamp(seen, UTC)
            here = row.key == request.session.session_key
            found.append(Device(row.id, row.browser, row.system, row.began, used, here))
    return found


@page(Action.OWN_ACCOUNT, methods="POST")
def sign_out_everywhere(request: PageRequest) -> HttpResponse:
    """Ends every session of the account, this one too."""
    person = request.person
    sessions.end_all(account=person.account, acting_user=acting(request), now=clock.now(), at=datetime.now(UTC))
    logout(request)
    response = HttpResponseRedirect(reverse("sign-in"))
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@sensitive_post_parameters("present_password", "new_password")
@page(Action.OWN_ACCOUNT, methods="GET POST", first=True)
def own_password(request: PageRequest) -> HttpResponse:
    """A6: a new password of one's own; other sessions end. After a reset it comes before every other page,
    and leads on to the one that was asked for."""
    form = OwnPasswordForm.of(request)
    must = bool(request.session.get(session.MUST_CHANGE))
    if form.is_sent() and _changed(request, form):
        request.session.pop(session.MUST_CHANGE, None)
        banner.put(request, Text(N_("Your password has been changed.")))
        return HttpResponseRedirect(again.next_of(request) or reverse("start" if must else "own-account"))
    back = "" if must else reverse("own-account")
    title = N_("Choose a new password")
    return show(request, "signin/own_password.html", title=title, form=form, back=back, must=must)


def acting(request: PageRequest) -> str:
    """How the audit log names whoever acts on a page: by the account's id, never by name."""
    return f"account {request.person.account}"


def _changed(request: PageRequest, form: OwnPasswordForm) -> bool:
    person, given = request.person, form.cleaned_data
    if not again.is_own_password(request, form, "present_password", wrong=N_("The present password is not right")):
        return False
    try:
        since = passwords.choose(
            account=person.account, old=given["present_password"], new=given["new_password"], now=clock.now()
        )
    except passwords.PasswordRefused as refused:
        form.add_refusal("present_password" if refused.code == "wrong_old" else "new_password", refused.text)
        return False
    request.session.cycle_key()
    session.go_on(request, since)  # this one goes on, under a new id
    return True
