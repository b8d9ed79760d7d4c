"""Pages about the service itself, for anybody: front, status, accessibility, privacy, cookies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from hwb import clock
from hwb.directory.queries import service_state
from hwb.directory.queries.service_state import ServiceState
from hwb.web.frame import show
from hwb.web.language import chosen_before
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_

#: Work that waits longer than this is late.
LATE = timedelta(hours=1)
_ALWAYS = frozenset({"runs", "messages"})
_PARTS = {
    "runs": N_("Runs from schools"), "mail": N_("E-mail and files"), "services": N_("Other connected services"),
    "messages": N_("Messages to people"),
}  # fmt: skip


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
    """A11: that the service answers, and how far its work is, as it is measured now. Nobody's name, no school."""
    now = clock.now()
    state = service_state.measured(now=now)
    parts = [_part(part, state, now) for part in service_state.PARTS if part in _ALWAYS or part in state.connected]
    late = any(part["late"] for part in parts)
    return show(
        request, "web/status.html", title=N_("Service status"), parts=parts, now=now,
        headline=N_("You can sign in. Some work is late.") if late else N_("The service is working."),
    )  # fmt: skip


def _part(part: str, state: ServiceState, now: datetime) -> dict[str, Any]:
    """One part of the work; times of connected services are shown by the calendar, as all others are."""
    since, last = state.waiting[part], state.last[part]
    if part not in _ALWAYS:
        since, last = since and clock.rehearsed(since), last and clock.rehearsed(last)
    return {"name": _PARTS[part], "since": since, "last": last, "late": since is not None and now - since > LATE}


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
