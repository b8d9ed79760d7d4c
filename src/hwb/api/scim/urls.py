"""Addresses of SCIM."""

from __future__ import annotations

from django.urls import URLPattern, path

from hwb.api.access import View, endpoint
from hwb.api.scim import source_views, views
from hwb.api.scim.description import openapi
from hwb.api.scim.errors import scim_error
from hwb.api.scim.schemas import ROOT

_REFUSED = {"POST": views.refuse, "PUT": views.refuse, "PATCH": views.refuse, "DELETE": views.refuse}
_CHANGED = {"PUT": source_views.change, "PATCH": source_views.change, "DELETE": source_views.delete}


def _address(place: str, name: str, **methods: View) -> URLPattern:
    return path(f"{ROOT}/{place}", endpoint(scim_error, **methods), name=f"scim-{name}")


urlpatterns: list[URLPattern] = [
    _address("openapi.json", "openapi", GET=openapi),
    _address("ServiceProviderConfig", "config", GET=views.config),
    _address("ResourceTypes", "types", GET=views.described),
    _address("ResourceTypes/<str:resource>", "type", GET=views.description),
    _address("Schemas", "schemas", GET=views.described),
    _address("Schemas/<str:resource>", "schema", GET=views.description),
    _address("Users", "users", GET=views.users, **{**_REFUSED, "POST": source_views.create}),
    _address(".search", "search", POST=views.search),
    _address("Users/.search", "search-users", POST=views.users),
    _address("Groups/.search", "search-groups", POST=views.groups),
    _address("Users/<str:resource>", "user", GET=views.user, POST=views.refuse, **_CHANGED),
    _address("Groups", "groups", GET=views.groups, **_REFUSED),
    _address("Groups/<str:resource>", "group", GET=views.group, **_REFUSED),
    _address("Bulk", "bulk", POST=source_views.bulk),
    _address("<path:rest>", "nothing", GET=views.nothing),
]
