"""The launcher: the services of one's schools as tiles, and once after a move where one is now (issue 6 point 7)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse

from hwb.directory.queries import own, services
from hwb.web.frame import name_in_language, show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_

#: In the session of a learner who signs in for the first time since another school took them on.
MOVED = "moved"


@page(Action.OWN_ACCOUNT)
def launcher(request: PageRequest) -> HttpResponse:
    """Tiles by name. Each leads to the service, which sends the browser back here to sign in."""
    account = request.person.account
    now_at: tuple[tuple[str, str], ...] = ()
    if request.session.pop(MOVED, False):
        now_at = tuple(name_in_language(school.name_en, school.name_cy) for school in own.schools(account))
    return show(
        request, "signin/launcher.html", title=N_("Your services"), tiles=services.tiles(account), now_at=now_at,
        account_address=reverse("own-account"),
    )  # fmt: skip
