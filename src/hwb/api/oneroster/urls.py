"""Addresses of both versions: the lists, each thing, and the lists below things."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, path

from hwb.api.access import View, endpoint
from hwb.api.oneroster import views
from hwb.api.oneroster.collections import COLLECTIONS
from hwb.api.oneroster.description import openapi
from hwb.api.oneroster.errors import status_info
from hwb.api.oneroster.nested import NESTED, OF_SCHOOLS_CLASS, listed
from hwb.api.oneroster.shapes import BASES, Version


def _patterns(version: Version) -> Iterator[URLPattern]:
    def address(place: str, view: View, name: str) -> URLPattern:
        return path(f"{BASES[version]}/{place}", endpoint(status_info, GET=view), name=f"oneroster-{version}-{name}")

    yield address("openapi.json", openapi(version), "openapi")
    for place, collection in COLLECTIONS.items():
        yield address(place, views.list_of(collection, version), place)
        yield address(f"{place}/<str:sourced_id>", views.one_of(collection, version), f"{place}-one")
    for (parent, place), below in NESTED.items():
        view = views.list_below(COLLECTIONS[parent], below, listed(place), version)
        yield address(f"{parent}/<str:sourced_id>/{place}", view, f"{parent}-{place}")
    for place, below in OF_SCHOOLS_CLASS.items():
        view = views.list_below_schools_class(below, listed(place), version)
        yield address(f"schools/<str:school>/classes/<str:sourced_id>/{place}", view, f"schools-classes-{place}")
    yield address("<path:rest>", views.nothing, "nothing")


urlpatterns = [*_patterns("1.2"), *_patterns("1.1")]
