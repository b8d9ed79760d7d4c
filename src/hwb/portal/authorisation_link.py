"""The link by which a school's registered address says that an e-mail to support was its own (R25). Nobody signs in."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.urls import path

from hwb import clock
from hwb.operations import consolidation
from hwb.operations.consolidation import ConsolidationRefused
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_


@page(Action.OPEN, methods="GET POST")
def authorisation_link(request: PageRequest, link: UUID, token: str) -> HttpResponse:
    """Looking changes nothing: a mail program that opens links confirms nothing. Used and unknown look the same."""
    form = PageForm.of(request)
    if form.is_sent():
        try:
            consolidation.open_link(link=link, token=token, now=clock.now())
        except ConsolidationRefused:
            return _over(request)
        return show(request, "portal/link_done.html", title=N_("Thank you. The e-mail is confirmed."))
    if not form.is_bound and not consolidation.is_link_good(link=link, token=token, now=clock.now()):
        return _over(request)
    return show(
        request, "portal/link_confirm.html", title=N_("Did your school write to Hwb Support?"), form=form,
    )  # fmt: skip


def _over(request: PageRequest) -> HttpResponse:
    return show(request, "portal/link_used.html", title=N_("This link cannot be used"), status=404)


urlpatterns = [path("authorisation/<uuid:link>/<str:token>/", authorisation_link, name="authorisation-link")]
