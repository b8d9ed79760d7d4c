"""Services: which are registered, for whom, and registering and ending one. For operators."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from hwb import clock
from hwb.directory.queries import schools as registered
from hwb.directory.queries import services as rows
from hwb.operations import services as operations
from hwb.operations.service_addresses import READS_ROSTER, ROSTER_DEMOGRAPHICS, SCOPE_ATTRIBUTES
from hwb.operations.service_tokens import READING, reading_addresses
from hwb.operations.services import ServiceRefused, Wanted
from hwb.portal.places import address
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import name_in_language, show
from hwb.web.language import is_switch
from hwb.web.lists import Listing, titled
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

PROTOCOLS = {"oidc": "OpenID Connect", "saml": "SAML 2.0", "oneroster": "OneRoster", "scim": "SCIM"}
#: What a service may be told of a person, beside the identifier that it knows them by.
CLAIMS = {
    "profile": N_("Name and username"), "email": N_("E-mail address"), "roles": N_("Roles"),
    "organisation": N_("School"), "age_band": N_("Age band"), "offline_access": N_("Stays signed in (refresh tokens)"),
    "employee": N_("Employee number"),
}  # fmt: skip
#: What OneRoster is read for, and what of it needs a scope of its own.
ROSTER = N_("Names, usernames, e-mail addresses, schools, year groups and classes")
BIRTH_DATES = N_("Birth dates")
KINDS = {"learner": N_("Learners"), "staff": N_("Staff")}
COLUMNS = {
    "name": N_("Name"), "protocol": N_("Protocol"), "schools": N_("Schools"), "told": N_("Told of a person"),
    "state": N_("State"),
}  # fmt: skip
STATES = {"active": N_("In use"), "revoked": N_("Ended")}
#: Where a service reads what it needs to know of us.
_DESCRIBED = {"oidc": "oidc-configuration", "saml": "saml-metadata"}
ALL, SOME = "all", "some"
_LINES: dict[str, Any] = {"widget": forms.Textarea, "required": False, "max_length": 4000}


class ServiceForm(PageForm):
    """Addresses and schools stand one on each line. `whose` is all or some."""

    name = forms.CharField(label=N_("Name of the service"), max_length=operations.LONGEST_NAME)
    protocol = forms.ChoiceField(label=N_("Protocol"), choices=list(PROTOCOLS.items()),
                                 widget=forms.Select(attrs={"verbatim": True}))  # fmt: skip
    whose = forms.ChoiceField(
        label=N_("Whom it is for"), widget=forms.RadioSelect,
        choices=[(ALL, N_("Every school")), (SOME, N_("Some schools"))],
    )  # fmt: skip
    schools = forms.CharField(
        label=N_("School numbers"),
        help_text=N_("For some schools: the DfES number of each, one on each line."),
        **_LINES,
    )
    scopes = forms.MultipleChoiceField(
        label=N_("What it is told of a person"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=N_("As little as it needs. It always gets an identifier that no other service has."),
        choices=list(CLAIMS.items()),
    )  # fmt: skip
    redirect_uris = forms.CharField(
        label=N_("Redirect addresses"),
        help_text=N_("Where people are led back to, exactly, one on each line."),
        **_LINES,
    )
    after_logout_uris = forms.CharField(
        label=N_("Addresses after signing out"), help_text=N_("Where people may be led to then, one on each line."),
        **_LINES,
    )  # fmt: skip
    logout_uri = forms.CharField(
        label=N_("Log-out address"), required=False, max_length=500,
        help_text=N_("What is told when somebody is out (back-channel log-out)."),
    )  # fmt: skip
    metadata = forms.CharField(
        label=N_("SAML metadata"), required=False, max_length=256 * 1024, widget=forms.Textarea,
        help_text=N_("For SAML only: the service's description of itself."),
    )  # fmt: skip
    errors_said: ClassVar = {
        "name": {"required": N_("Enter the service's name")},
        "whose": {"required": N_("Choose whom it is for")},
    }

    def wanted(self) -> Wanted:
        """What was asked for."""
        given = self.cleaned_data
        return Wanted(
            protocol=given["protocol"], name=given["name"], all_schools=given["whose"] == ALL,
            schools=() if given["whose"] == ALL else tuple(part.replace("-", "") for part in _lines(given["schools"])),
            scopes=() if given["protocol"] == "oneroster" else tuple(given["scopes"]),
            redirect_uris=_lines(given["redirect_uris"]), after_logout_uris=_lines(given["after_logout_uris"]),
            logout_uri=given["logout_uri"], metadata=given["metadata"] if given["protocol"] == "saml" else "",
        )  # fmt: skip


@page(Action.CHANGE_NATION)
def services(request: PageRequest) -> HttpResponse:
    """All of them; those that stand come first."""
    found = rows.find()
    listing = Listing.of(request)
    paging = listing.paging(len(found))
    return show(
        request, "portal/services.html", title=titled(Text(N_("Services")), len(found)), columns=COLUMNS,
        rows=[_shown(row) for row in found[paging.offset : paging.last]], listing=listing, paging=paging,
        register=address("register-service"),
    )  # fmt: skip


@page(Action.CHANGE_NATION, methods="GET POST")
def register(request: PageRequest) -> HttpResponse:
    form = ServiceForm.of(request, initial={"protocol": "oidc"})
    if form.is_sent():
        try:
            made = operations.register(
                form.wanted(), acting_user=f"account {request.person.account}", at=datetime.now(UTC), now=clock.now()
            )
        except ServiceRefused as refused:
            form.add_refusal(refused.field if refused.field in form.fields else None, refused.text)
        else:
            return show(
                request, "portal/service_secret.html", title=N_("The service is registered"), section="services",
                made=made, issuer=settings.HWB_BASE_URL,
                addresses=reading_addresses(made.protocol), further=address("service", service=made.service),
            )  # fmt: skip
    return show(
        request, "portal/service_register.html", title=N_("Register a service"), section="services", form=form,
        back=address("services"),
    )  # fmt: skip


@page(Action.CHANGE_NATION)
def service(request: PageRequest, service: UUID) -> HttpResponse:
    row = _one(service)
    named = []
    for school in registered.names(row.schools):
        name, language = name_in_language(school.name_en, school.name_cy)
        named.append((school.school, name or school.school, language))
    return show(
        request, "portal/service.html", title=row.name, section="services", row=row, shown=_shown(row), schools=named,
        columns=COLUMNS, back=address("services"), end=address("end-service", service=row.service),
        ours=settings.HWB_BASE_URL + address(_DESCRIBED[row.protocol]) if row.protocol in _DESCRIBED else "",
        attributes=_attributes(row),
    )  # fmt: skip


@page(Action.CHANGE_NATION, methods="GET POST")
def end(request: PageRequest, service: UUID) -> HttpResponse:
    """Nobody signs in to it any more, and what it was given is void, at once."""
    row = _one(service)
    if row.revoked_at is not None:
        raise Http404
    if request.method == "POST" and not is_switch(request):
        try:
            operations.revoke(
                service=service, acting_user=f"account {request.person.account}", at=datetime.now(UTC), now=clock.now()
            )
        except ServiceRefused as refused:
            banner.put(request, refused.text)
            return HttpResponseRedirect(address("service", service=service))
        banner.put(request, Text(N_("The service has ended. Nobody can sign in to it with Hwb any more.")))
        return HttpResponseRedirect(address("services"))
    return show(
        request, "portal/service_end.html", title=N_("End this service"), section="services", warns=True, row=row,
        button=N_("End this service"), back=address("service", service=service),
    )  # fmt: skip


def _one(service: UUID) -> rows.ServiceRow:
    found = rows.find(service=service)
    if not found:
        raise Http404
    return found[0]


def _shown(row: rows.ServiceRow) -> dict[str, object]:
    return {
        "facts": row, "protocol": PROTOCOLS[row.protocol], "state": STATES[row.state],
        "told": _told(row), "kinds": [KINDS[kind] for kind in row.kinds] if row.protocol in READING else [],
    }  # fmt: skip


def _attributes(row: rows.ServiceRow) -> list[str]:
    """What the attributes are called that a SAML service is told."""
    if row.protocol != "saml":
        return []
    names = rows.saml_side(row.service).attribute_names
    return [names.get(claim, claim) for scope in row.scopes for claim in SCOPE_ATTRIBUTES.get(scope, ())]


def _told(row: rows.ServiceRow) -> list[str]:
    if row.protocol != "oneroster":
        return [CLAIMS[scope] for scope in row.scopes if scope in CLAIMS]
    return [ROSTER] * bool(set(row.scopes) & READS_ROSTER) + [BIRTH_DATES] * (ROSTER_DEMOGRAPHICS in row.scopes)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in re.split(r"\s+", text) if part))


urlpatterns = [
    path("nation/services/", services, name="services"),
    path("nation/services/register/", register, name="register-service"),
    path("nation/services/<uuid:service>/", service, name="service"),
    path("nation/services/<uuid:service>/end/", end, name="end-service"),
]
