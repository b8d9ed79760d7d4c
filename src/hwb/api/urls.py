from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from hwb.api import provisioning as v1
from hwb.api.access import endpoint
from hwb.api.explanations import explain_learners
from hwb.api.oneroster import urls as oneroster
from hwb.api.openapi import BASE, openapi
from hwb.api.scim import urls as scim

_BASE = BASE.lstrip("/")

urlpatterns: list[URLPattern | URLResolver] = [
    path(f"{_BASE}/openapi.json", endpoint(GET=openapi), name="openapi"),
    path(f"{_BASE}/enrolments", endpoint(POST=v1.enrol), name="enrolments"),
    path(f"{_BASE}/token", endpoint(POST=v1.token), name="token"),
    path(f"{_BASE}/runs/<uuid:run_id>", endpoint(GET=v1.get_run, PUT=v1.put_run), name="run"),
    path(f"{_BASE}/schools", endpoint(GET=v1.list_schools), name="schools"),
    path(f"{_BASE}/schools/<str:dfes>", endpoint(GET=v1.get_school), name="school"),
    path(f"{_BASE}/schools/<str:dfes>/explanations", endpoint(POST=explain_learners), name="explanations"),
    path(f"{_BASE}/check-ins", endpoint(POST=v1.check_in), name="check-ins"),
    *oneroster.urlpatterns,
    *scim.urlpatterns,
]
