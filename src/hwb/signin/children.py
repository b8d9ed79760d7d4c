"""How small children sign in: a badge (A2) or the name in the class's list (A4), then three pictures (A3).

Every press is a request of its own, so all works without scripts, by keyboard and by a switch. Who is meant stands in
the session, never in an address.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from hwb import clock
from hwb.directory.queries import children as rows
from hwb.directory.queries import class_sessions, people
from hwb.directory.queries.children import Child
from hwb.directory.queries.class_sessions import Joined
from hwb.lifecycle import class_sign_in as rules
from hwb.lifecycle.child_pictures import NEEDED, PICTURES, WORDS
from hwb.operations import badges, child_pictures
from hwb.operations import class_sessions as classes
from hwb.operations.child_pictures import Outcome
from hwb.signin.backend import PasswordBackend
from hwb.signin.oidc import anew
from hwb.signin.views import signed_in
from hwb.web import again, class_devices, session, visitors
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.language import is_switch
from hwb.web.page import PageRequest, is_signed_in, page
from hwb.web.policy import Action
from hwb.web.words import N_

#: In the session of somebody who is not signed in: the child whose pictures are asked, and what was touched.
CHILD: Final = "child"
#: Whoever walks away from the pictures is not waited for.
_ASKED_SECONDS: Final = 10 * 60
_VOID = N_("We cannot use this badge. Ask your teacher for a new one.")
_ENDED = N_("This class session has ended. Ask your teacher.")


class BadgeForm(PageForm):
    """A2: from a hand scanner, the camera or typed."""

    code = forms.CharField(
        label=N_("Type the code under the square"), max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {"code": {
        "required": N_("Show your badge or type the code"), "max_length": _VOID, "null_characters_not_allowed": _VOID,
    }}  # fmt: skip


class ClassCodeForm(PageForm):
    """A4: the code that the teacher shows."""

    code = forms.CharField(
        label=N_("Class code"), max_length=50, help_text=N_("Your teacher shows it: six letters and numbers."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "plain": True}),
    )  # fmt: skip
    errors_said: ClassVar = {"code": {
        "required": N_("Type the class code"), "max_length": N_("This is not the class code"),
        "null_characters_not_allowed": N_("This is not the class code"),
    }}  # fmt: skip


@sensitive_post_parameters("code")
@page(Action.OPEN, methods="GET POST")
def badge(request: PageRequest) -> HttpResponse:
    """A2. Void, expired and unknown badges have one answer."""
    if is_signed_in(request) and not anew.is_asked(request):
        return HttpResponseRedirect(again.next_of(request) or reverse("start"))
    form = BadgeForm.of(request)
    if form.is_sent():
        child = badges.identify(form.cleaned_data["code"], now=clock.now())
        if child is not None and (child.pictures or child.alone):
            return _in(request, child, by="badge") if child.alone else _to_pictures(request, child, by="badge")
        form.add_error("code", _VOID if child is None else N_("You have no pictures yet. Ask your teacher."))
    return show(request, "signin/badge.html", title=N_("Show your badge"), form=form)


@sensitive_post_parameters("picture")
@page(Action.OPEN, methods="GET POST")
def pictures(request: PageRequest) -> HttpResponse:
    """A3: each press fills a place; after the third they are looked at."""
    if is_signed_in(request) and not anew.is_asked(request):
        return HttpResponseRedirect(again.next_of(request) or reverse("start"))
    child, here = _asked(request), class_devices.digest_of(request)
    if child is None or not here or "nobody" in request.POST:
        return _away(request)
    wrong = False
    if request.method == "POST" and not is_switch(request):
        outcome = _touched(request, child, here)
        if outcome is Outcome.RIGHT:
            asked = request.session[CHILD]
            return _in(request, child, by=asked["by"], class_session=asked["class"])
        if outcome is not Outcome.WRONG:
            return _on(request, "pictures")
        wrong = True
    if child_pictures.is_shut(account=child.account, device=here, at=datetime.now(UTC)):
        return show(request, "signin/pictures_wait.html", title=N_("Please wait"), name=child.forename)
    asked = request.session[CHILD]
    filled = [(one, WORDS[one]) for one in asked["touched"]]
    return show(
        request, "signin/pictures.html", title=N_("Touch your three pictures"), name=child.forename, filled=filled,
        pictures=[(one, WORDS[one]) for one in asked["order"]], empty=range(NEEDED - len(filled)), wrong=wrong,
    )  # fmt: skip


def _touched(request: PageRequest, child: Child, here: str) -> Outcome | None:
    """Keeps the picture that was touched; with the third, what the three lead to."""
    asked = request.session[CHILD]
    touched = [] if "again" in request.POST else [*asked["touched"], request.POST.get("picture", "")]
    given = [one for one in touched if one in PICTURES]
    full = len(given) == NEEDED
    request.session[CHILD] = {**asked, "touched": [] if full else given}
    if not full:
        return None
    return child_pictures.check(account=child.account, device=here, given=given, at=datetime.now(UTC))


@sensitive_post_parameters("code")
@page(Action.OPEN, methods="GET POST")
def class_sign_in(request: PageRequest) -> HttpResponse:
    """A4: the class code, then the names of the class. Nothing is shown before a code that is right."""
    if is_signed_in(request) and not anew.is_asked(request):
        return HttpResponseRedirect(again.next_of(request) or reverse("start"))
    joined = class_sessions.of_device(class_devices.digest_of(request), at=datetime.now(UTC))
    if joined is not None and joined.state == "in":
        return _names(request, joined)
    if joined is not None:
        return _not_yet(request, joined)
    form = ClassCodeForm.of(request)
    if form.is_sent():
        here, token = class_devices.named(request)
        try:
            state = classes.join(
                typed=form.cleaned_data["code"], device=here, address=visitors.address_of(request), at=datetime.now(UTC)
            )
        except classes.JoiningClosed:
            form.add_error("code", N_("Too many wrong class codes came from here. Wait 10 minutes."))
        except classes.ClassFull:
            form.add_error("code", N_("This class has no room for another device. Ask your teacher."))
        else:
            if state is not None:
                response = _on(request, "class-sign-in")
                class_devices.remember(response, token)
                return response
            form.add_error("code", N_("This is not the class code"))
    ended = _ENDED if "ended" in request.GET else ""
    return show(request, "signin/class_code.html", title=N_("Sign in with your class"), form=form, ended=ended)


def _names(request: PageRequest, joined: Joined) -> HttpResponse:
    """The children of the class who have pictures, each a button."""
    found = people.class_(school=joined.session.school, name=joined.session.class_name, language=request.language)
    known = rows.of_accounts([row.account for row in found], school=joined.session.school, on=clock.today())
    able = [known[row.account] for row in found if row.account in known]
    able = [child for child in able if child.pictures and badges.may_use(child)]
    if request.method == "POST" and not is_switch(request):
        chosen = next((child for child in able if str(child.account) == request.POST.get("child")), None)
        if chosen is not None:
            return _to_pictures(request, chosen, by="class", joined=joined)
    names = [
        (one, WORDS.get(one.picture, ""))
        for one in rules.names([(child.account, child.forename, child.surname) for child in able])
    ]
    return show(
        request, "signin/class_names.html", title=N_("Find your name"), names=names,
        class_name=joined.session.class_name,
    )  # fmt: skip


def _not_yet(request: PageRequest, joined: Joined) -> HttpResponse:
    """A device that comes from elsewhere waits for the teacher; the page looks again by itself."""
    title = N_("Ask your teacher")
    response = show(
        request, "signin/class_waits.html", title=title, number=joined.number, refused=joined.state == "refused"
    )
    if joined.state == "asks":
        response["Refresh"] = "5"
    return response


def _to_pictures(request: PageRequest, child: Child, *, by: str, joined: Joined | None = None) -> HttpResponse:
    """On to A3; the order of the pictures is made once for each sign-in."""
    order = list(PICTURES)
    random.SystemRandom().shuffle(order)
    if not is_signed_in(request):  # else it goes on until the pictures were right
        request.session.cycle_key()
    request.session[CHILD] = {
        "account": str(child.account), "at": time.time(), "by": by, "order": order, "touched": [],
        "badge": str(child.badge), "class": str(joined.session.session) if joined else "",
    }  # fmt: skip
    response = _on(request, "pictures")
    class_devices.remember(response, class_devices.named(request)[1])
    return response


def _asked(request: PageRequest) -> Child | None:
    """The child whose pictures are asked, while it may sign in and its class session goes on."""
    asked: dict[str, Any] | None = request.session.get(CHILD)
    if asked is None or time.time() - asked["at"] > _ASKED_SECONDS:
        return None
    if asked["class"] and not _still_in(request, asked["class"]):
        return None
    child = rows.of_account(UUID(asked["account"]), on=clock.today())
    if child is None or not child.pictures or not badges.may_use(child):
        return None
    return child if asked["by"] != "badge" or str(child.badge) == asked["badge"] else None  # replaced meanwhile


def _still_in(request: PageRequest, class_session: str) -> bool:
    joined = class_sessions.of_device(class_devices.digest_of(request), at=datetime.now(UTC))
    return joined is not None and joined.state == "in" and str(joined.session.session) == class_session


def _away(request: PageRequest) -> HttpResponse:
    """Back to where the child came from."""
    asked = request.session.pop(CHILD, None) or {"class": "", "by": "badge"}
    if not asked["class"]:
        return _on(request, "badge")
    return _on(request, "class-sign-in") if _still_in(request, asked["class"]) else _over(request)


def _over(request: PageRequest) -> HttpResponse:
    """To the class code, where it says that the session has ended."""
    way = _on(request, "class-sign-in")
    way["Location"] += ("&" if "?" in way["Location"] else "?") + "ended=1"
    return way


def _on(request: PageRequest, name: str) -> HttpResponse:
    """To another of these pages; to where the child wanted to go from the last of them."""
    return HttpResponseRedirect(again.on_the_way(name, again.next_of(request)))


def _in(request: PageRequest, child: Child, *, by: str, class_session: str = "") -> HttpResponse:
    """The end that all sign-ins have; the session has an hour, or what is left of the class's."""
    request.session.pop(CHILD, None)
    account = PasswordBackend().get_user(child.account)
    if account is None:
        return _away(request)
    anew.sign_out_former(request)
    account.backend = "hwb.signin.backend.PasswordBackend"  # type: ignore[attr-defined] # as authenticate() sets it
    ends, place = time.time() + rules.LASTS.total_seconds(), None
    if class_session:
        here, at = class_devices.digest_of(request), datetime.now(UTC)
        joined = class_sessions.of_device(here, at=at)
        place = classes.take_place(session=UUID(class_session), device=here, account=child.account, at=at)
        if place is None or joined is None:
            return _over(request)
        ends = min(ends, joined.session.ends_at.timestamp())
    session.begin_child(request, by=by, ends=ends, place=place)
    return signed_in(request, account)
