"""The service's pages, in English and Welsh: a person's spaces, the works in one, and what the service keeps at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render as fill
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from hwb import clock
from hwb.demo.just2easy import ADAPTER, SCOPES
from hwb.demo.just2easy.contract import Adapter
from hwb.demo.just2easy.shelf import Missing, Person, Right, Shelf, Shut, Space
from hwb.demo.party.door import IN_LANGUAGE, Door, frame, language_of, say
from hwb.extract.texts import N_, Language

#: What lies in every new space.
_WELCOME = ("Croeso! Welcome!", "Dyma dy waith cyntaf.\nThis is your first work.")
DOOR = Door(scopes=SCOPES, folder=Path(__file__).parent)
SHELF = Shelf(welcome=_WELCOME)
TOLD = Adapter(SHELF, client_id=os.environ["ADAPTER_ID"], secret=os.environ["ADAPTER_SECRET"], base=ADAPTER)
#: Number → name in English and in Welsh.
SCHOOLS: dict[str, list[str]] = json.loads(os.environ.get("SCHOOLS", "{}"))
_SHOWN = 40
_WORDS = {
    "about": N_("A stand-in for Just2easy: it keeps works by school, and opens them to whom Hwb says."),
    "sign_in": N_("Sign in with Hwb"),
    "sign_out": N_("Sign out"),
    "spaces": N_("Your spaces"),
    "none": N_("No school has a space for you here yet."),
    "stays": N_("What was made at a school stays there. It is shut to you: your school can ask Hwb Support for it."),
    "new": N_("Make a new work"),
    "title": N_("Title"),
    "text": N_("Text"),
    "make": N_("Keep it"),
    "copy": N_("Copy to my space at {school}"),
    "empty": N_("Nothing was made here yet."),
    "all": N_("What the service keeps"),
    "all_hint": N_("For whoever runs the demo: whoever changed last is first."),
    "name": N_("Name"),
    "address": N_("E-mail address"),
    "places": N_("Spaces"),
    "off": N_("shut out"),
}  # fmt: skip
_STATES = {
    Right.OWN: N_("Open"), Right.NONE: N_("Shut"), Right.LOOK: N_("Open to look until {date}"),
    Right.COPY: N_("Open to look and copy until {date}"),
}  # fmt: skip


@require_safe
def home(request: HttpRequest, language: Language) -> HttpResponse:
    """A person's spaces, or the way in."""
    signed_in, said = DOOR.who(request, language)
    person = SHELF.people.get(signed_in.sub) if signed_in else None
    heading = say(N_("Signed in as {name}"), language, name=str(signed_in.told["name"])) if signed_in else "Just2easy"
    return _page(
        request, "home.html", language, heading=heading, said=said, signed_in=signed_in,
        spaces=_spaces(person, language) if person else (),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def space(request: HttpRequest, language: Language, school: str) -> HttpResponse:
    """The works of one space, for whoever may open it; a POST makes one, or copies one to the open space."""
    signed_in, said = DOOR.who(request, language)
    if signed_in is None:
        return HttpResponseRedirect(f"/{language}/")
    today, sub = clock.today(), signed_in.sub
    shown: dict[str, Any] = {
        "heading": _school(school, language),
        "said": said,
        "signed_in": signed_in,
        "school": school,
    }
    try:
        if request.method == "POST":
            _keep(request, sub, school)
            return HttpResponseRedirect(request.path)
        works = SHELF.works(sub, school, on=today)
    except (Missing, Shut):
        return _page(request, "space.html", language, **shown, status=403, is_shut=True)
    person = SHELF.person(sub)
    right, into = person.right(school, on=today), _open_space(person, school)
    copying = right is Right.COPY and into
    return _page(
        request, "space.html", language, **shown, works=[
            {"facts": work, "from": _school(work.copied_from, language) if work.copied_from else ""} for work in works
        ],
        is_own=right is Right.OWN, state=_state(person.spaces[school], right, language),
        copy=say(_WORDS["copy"], language, school=_school(into, language)) if copying else "",
    )  # fmt: skip


@require_safe
def everything(request: HttpRequest, language: Language) -> HttpResponse:
    """Who has which spaces, newest first: a demo on a loopback, of invented people."""
    with SHELF.lock:
        newest = [SHELF.people[id_] for id_ in list(reversed(SHELF.changed))[:_SHOWN]]
        rows = [{"person": person, "spaces": _spaces(person, language)} for person in newest]
    heading = say(_WORDS["all"], language)
    return _page(request, "all.html", language, heading=heading, said="", rows=rows, count=len(SHELF.people))


@csrf_exempt
def adapter(request: HttpRequest) -> HttpResponse:
    """What Hwb tells (contract)."""
    headers = {"authorization": request.headers.get("Authorization", "")}
    status, body = TOLD.answer(request.method or "", request.get_full_path(), headers, request.body)
    return HttpResponse(status=status) if body is None else JsonResponse(body, status=status)


def _keep(request: HttpRequest, sub: str, school: str) -> None:
    today, number = clock.today(), request.POST.get("copy", "")
    if number.isdecimal():
        SHELF.copy(sub, school, int(number), into=_open_space(SHELF.person(sub), school), on=today)
        return
    title, text = (request.POST.get(name, "").strip()[:most] for name, most in (("title", 100), ("text", 2000)))
    if title:
        SHELF.make(sub, school, title=title, text=text, on=today)


def _open_space(person: Person, but: str) -> str:
    return next((school for school, each in person.spaces.items() if each.is_open and school != but), "")


def _spaces(person: Person, language: Language) -> list[dict[str, Any]]:
    today, found = clock.today(), []
    for school, each in sorted(person.spaces.items(), key=lambda one: not one[1].is_open):
        right = person.right(school, on=today)
        found.append({
            "school": school, "name": _school(school, language), "state": _state(each, right, language),
            "opens": right is not Right.NONE, "works": len(each.works),
        })  # fmt: skip
    return found


def _state(space_: Space, right: Right, language: Language) -> str:
    until = space_.access.last.strftime("%d/%m/%Y") if space_.access else ""
    return say(_STATES[right], language, date=until)


def _school(school: str, language: Language) -> str:
    names = SCHOOLS.get(school, [school, school])
    return (names[1] or names[0]) if language == "cy" else (names[0] or names[1])


def _page(request: HttpRequest, template: str, language: Language, *, status: int = 200, **shown: Any) -> HttpResponse:
    words = {name: say(message, language, school="") for name, message in _WORDS.items() if name != "copy"}
    path = request.path.partition(f"/{language}/")[2]
    return fill(request, template, {**frame(language), "words": words, "path": path, **shown}, status=status)


urlpatterns = [
    *DOOR.addresses(),
    re_path(rf"^{IN_LANGUAGE}/$", home),
    re_path(rf"^{IN_LANGUAGE}/space/(?P<school>[0-9]{{7}})/$", space),
    re_path(rf"^{IN_LANGUAGE}/all/$", everything),
    re_path(r"^all/$", lambda request: HttpResponseRedirect(f"/{language_of(request)}/all/")),
    re_path(rf"^{ADAPTER[1:]}/", adapter),
]
