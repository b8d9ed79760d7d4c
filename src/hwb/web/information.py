"""Pages about the service itself, for anybody: front, status, accessibility, privacy, cookies."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from hwb import clock
from hwb.directory.queries import runs
from hwb.web.frame import show
from hwb.web.language import chosen_before
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_


@page(Action.OPEN)
def front(request: PageRequest) -> HttpResponse:
    """Leads to the reader's language; where none is known, both stand side by side with equal weight."""
    language = chosen_before(request)
    if language is not None:
        with translation.override(language):
            response = HttpResponseRedirect(reverse("start"))
        response["Vary"] = "Accept-Language, Cookie"
        return response
    return show(request, "web/front.html", title=N_("Hwb accounts"))


@page(Action.OPEN)
def status(request: PageRequest) -> HttpResponse:
    """A11 in small: that the service answers, and when the newest run came. Nobody's name, no school."""
    newest = runs.newest(limit=1)
    received = newest[0].received_at if newest else None
    return show(request, "web/status.html", title=N_("Service status"), received=received, now=clock.now())


@page(Action.OPEN)
def accessibility(request: PageRequest) -> HttpResponse:
    """What works for whom, and whom to tell."""
    return show(request, "web/accessibility.html", title=N_("Accessibility statement"))


@page(Action.OPEN)
def privacy(request: PageRequest) -> HttpResponse:
    """What is kept of people, why, and who sees it."""
    return show(request, "web/privacy.html", title=N_("Privacy"))


@page(Action.OPEN)
def cookies(request: PageRequest) -> HttpResponse:
    """Every cookie there is."""
    return show(request, "web/cookies.html", title=N_("Cookies"))
