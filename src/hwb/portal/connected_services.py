"""D7: connected services: has everyone who moved got their mail and files? For operators.

Nobody is named here: an operator sees people only within a case (ux.md 2). An account is called by the end of its id,
with its school.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

from hwb import clock
from hwb.directory.queries import connectors as rows
from hwb.directory.queries import schools as registered
from hwb.directory.queries.connectors import ConnectorRow
from hwb.lifecycle.service_accounts import FAILURES
from hwb.operations import connectors
from hwb.web import banner
from hwb.web.frame import name_in_language, show
from hwb.web.lists import Filter, FilterBox, Listing
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text, moment, ngettext, say

#: What a connector's kind carries, as people call it.
CARRIES = {
    "microsoft365": N_("E-mail and files (Microsoft 365)"), "just2easy": N_("Work by school (Just2easy)"),
}  # fmt: skip
KINDS = {"learner": N_("Learner"), "staff": N_("Member of staff")}
AGES = {"hour": (N_("More than an hour"), timedelta(hours=1)), "day": (N_("More than a day"), timedelta(days=1))}
COLUMNS = {
    "account": N_("Account"), "school": N_("School"), "service": N_("Service"), "reason": N_("Reason"),
    "since": N_("Waiting since"), "next": N_("Next try"),
}  # fmt: skip


@page(Action.CHANGE_NATION)
def connected_services(request: PageRequest) -> HttpResponse:
    """How each service is, and whom it refused."""
    found = rows.find()
    listing = Listing.of(request, filters=("service", "reason", "age"), sorts=("since",))
    asked = _asked(listing, found)
    count = rows.count_refused(**asked)
    paging = listing.paging(count)
    refused = rows.refused(**asked, offset=paging.offset, limit=max(1, paging.last - paging.offset))
    names = {row.connector: row.name for row in found}
    named = {school.school: school for school in registered.names(sorted({row.school for _, row in refused} - {""}))}
    return show(
        request, "portal/connected_services.html", title=N_("Connected services"), columns=COLUMNS, listing=listing,
        services=[_shown(row) for row in found], paging=paging, box=_box(listing, found),
        refused=[
            {
                "facts": row, "connector": connector, "service": names[connector], "kind": KINDS[row.kind],
                "reason": FAILURES.get(row.failure, row.failure), "reference": str(row.account)[-8:],
                "school": name_in_language(named[row.school].name_en, named[row.school].name_cy)
                if row.school in named else (row.school, ""),
            }
            for connector, row in refused
        ],
        any_refused=any(row.refused for row in found),
    )  # fmt: skip


@page(Action.CHANGE_NATION, methods="POST")
def try_again(request: PageRequest, connector: UUID) -> HttpResponse:
    """Refused accounts of one service are carried over at once: one, all of a reason, or all."""
    if connector not in {row.connector for row in rows.find()}:
        raise Http404
    asked = request.POST.get("failure", "")
    again = connectors.try_again(
        connector=connector, failure=asked if asked in FAILURES else "",
        account=_id(request.POST.get("account", "")),
        acting_user=f"account {request.person.account}", at=datetime.now(UTC), now=clock.now(),
    )  # fmt: skip
    banner.put(request, ngettext("{count} account is tried again now.", "{count} accounts are tried again now.", again))
    return HttpResponseRedirect(reverse("connected-services"))


def _asked(listing: Listing, found: list[ConnectorRow]) -> dict[str, Any]:
    service = next((row.connector for row in found if row.name == listing.filters["service"]), None)
    reason, age = listing.filters["reason"], AGES.get(listing.filters["age"])
    return {
        "connector": service, "failure": reason if reason in FAILURES else "",
        "before": datetime.now(UTC) - age[1] if age else None,
    }  # fmt: skip


def _box(listing: Listing, found: list[ConnectorRow]) -> FilterBox:
    return FilterBox(
        listing,
        (
            Filter("service", N_("Service"), [(row.name, row.name) for row in found]),
            Filter("reason", N_("Reason"), [(code, say(text, domain="lifecycle")) for code, text in FAILURES.items()]),
            Filter("age", N_("Waiting"), [(key, say(text)) for key, (text, _) in AGES.items()]),
        ),
    )


def _shown(row: ConnectorRow) -> dict[str, Any]:
    never = say(N_("Not yet"))
    compared = never
    if row.compared_at is not None:
        gaps = {"moment": moment(row.compared_at), "count": str(row.drifted)}
        compared = say(Text(N_("{moment}. Put right: {count}"), gaps))
    return {
        "facts": row, "carries": CARRIES[row.kind],
        "away": Text(N_("The service cannot be reached since {moment}. What changes waits, and nothing is lost."),
                     {"moment": moment(row.failing_since)}) if row.failing_since else None,
        "late": row.since is not None and datetime.now(UTC) - row.since > AGES["hour"][1],
        "rows": [
            {"label": N_("Carries"), "value": say(CARRIES[row.kind])},
            {"label": N_("State"), "status": "connector", "value": row.state},
            {"label": N_("Accounts"), "value": say(ngettext("{count} account", "{count} accounts", row.accounts))},
            {"label": N_("Waiting"), "value": say(ngettext("{count} account", "{count} accounts", row.waiting))},
            {"label": N_("Oldest"), "value": moment(row.since) if row.since else say(N_("Nothing is waiting."))},
            {"label": N_("Last success"), "value": moment(row.succeeded_at) if row.succeeded_at else never},
            {"label": N_("Last compared"), "value": compared},
        ],
        "reasons": [(code, FAILURES.get(code, code), count) for code, count in sorted(row.refused.items())],
    }  # fmt: skip


def _id(written: str) -> UUID | None:
    if not written:
        return None
    try:
        return UUID(written)
    except ValueError:
        raise Http404 from None


urlpatterns = [
    path("nation/connected-services/", connected_services, name="connected-services"),
    path("nation/connected-services/<uuid:connector>/again/", try_again, name="connected-services-again"),
]
