"""Addresses of the SAML identity provider: its metadata, and two pages, whose first address has no language."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from hwb import clock
from hwb.operations import saml_signatures, signing_keys
from hwb.signin.saml import log_out, messages, sign_in


@require_GET
def metadata(request: HttpRequest) -> HttpResponse:
    """Not found where SAML is off. Many services must be given these before they have any of their own to register:
    whoever reads them first has the first key made, for without a key they are of no use.
    """
    del request
    if not saml_signatures.program():
        raise Http404
    at = datetime.now(UTC)
    if not signing_keys.published(at=at, use="saml"):
        signing_keys.ensure(acting_user="metadata", at=at, now=clock.now(), use="saml")
    response = HttpResponse(messages.metadata(at=at), content_type="application/samlmetadata+xml; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


urlpatterns = [
    path("api/saml/metadata", metadata, name="saml-metadata"),
    path("saml/sign-in", sign_in.entry, name="saml-sign-in"),
    path("saml/sign-out", log_out.entry, name="saml-log-out"),
]
pages = [
    path("saml/sign-in/", sign_in.sign_in, name="saml"),
    path("saml/sign-out/", log_out.sign_out, name="saml-sign-out"),
]
