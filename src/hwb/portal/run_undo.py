"""Undo of a school's newest run: shown first, and what stays because other schools built on it (issue 5)."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import provisioning as rows
from hwb.directory.queries import reviews, run_changes
from hwb.directory.queries.run_changes import GROUPS
from hwb.operations import provisioning
from hwb.portal.places import address
from hwb.portal.run_changes import TITLES, sees_names, shown
from hwb.web import banner, words
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

_FIRST = 50


@page(Action.UNDO_RUN, methods="GET POST")
def undo(request: PageRequest, dfes: str, run: UUID) -> HttpResponse:
    """GET shows the plan; POST does that plan, or, when it is another by now, shows the new one."""
    found = rows.run(run, school=dfes)
    if found is None:
        raise Http404
    now = clock.now()
    acting, on = f"account {request.person.account}", clock.calendar_date(now)
    form = PageForm.of(request)
    moved = False
    try:
        if form.is_sent():
            seen = request.POST.get("plan", "") or "none"
            try:
                provisioning.undo(run_id=run, acting_user=acting, now=now, on=on, seen=seen)
            except provisioning.PlanMoved:
                moved = True
            else:
                banner.put(request, Text(N_("The run was undone. The run before it is the newest again.")))
                return HttpResponseRedirect(address("run-detail", dfes=dfes, run=run))
        plan = provisioning.undo(run_id=run, acting_user=acting, now=now, on=on, preview=True)
    except provisioning.RunNotFound:
        return _cannot(request, dfes, run, state=found.line.state)
    names = sees_names(request, dfes)
    stays = reviews.built_on(run, school=dfes)
    changes = run_changes.planned([change.to_json() for change in plan.changes], school=dfes)
    groups = {line.number: line.group for line in changes.lines}
    details = changes.rows_of(list(groups)[:_FIRST], groups=groups) if names else {}
    counts = Counter(groups.values())
    return show(
        request, "portal/run_undo.html", title=N_("Undo this run"), section="provisioning", form=form, moved=moved,
        status=409 if moved else 200, plan=plan.digest(), names=names, total=len(groups), first=_FIRST,
        counts=[(TITLES[key][0], counts[key]) for key in GROUPS if counts[key]],
        people=[shown(row, dfes) for row in details.values()], stay_count=len(stays),
        stays=[f"{each.surname}, {each.forename}" for each in stays] if names else [],
        received=words.moment(found.line.received_at), back=address("run-detail", dfes=dfes, run=run),
    )  # fmt: skip


def _cannot(request: PageRequest, dfes: str, run: UUID, *, state: str) -> HttpResponse:
    """Only the newest accepted run can be undone, and only while what it changed is remembered."""
    why = (
        N_("This run was undone already.")
        if state == "undone"
        else N_("Only the newest run that was applied can be undone, and only while what it changed is still kept.")
    )
    return show(
        request, "portal/cannot_undo.html", title=N_("This run cannot be undone"), section="provisioning", why=why,
        status=409, back=address("run-detail", dfes=dfes, run=run),
    )  # fmt: skip


urlpatterns = [path("school/<str:dfes>/runs/<uuid:run>/undo/", undo, name="run-undo")]
