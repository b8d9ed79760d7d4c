"""What a service asks, answered: a list in pages, or one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.http import HttpResponse, HttpResponseBase

from hwb import clock
from hwb.api import passes
from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.access import View as Answer
from hwb.api.errors import not_found
from hwb.api.oneroster import query
from hwb.api.oneroster.collections import Collection, View, account_reader, fields_of, one
from hwb.api.oneroster.errors import forbidden
from hwb.api.oneroster.nested import Below, of_schools_class
from hwb.api.oneroster.shapes import BASES, Pen, Version
from hwb.directory.queries.roster import Asked, Relation
from hwb.directory.queries.roster_people import Seen
from hwb.directory.queries.services import ServiceRow
from hwb.operations import services
from hwb.operations import settings as nation_settings

_LONGEST_ID = 100


def list_of(collection: Collection, version: Version) -> Answer:
    """GET of a list."""

    @allow(Caller.ONEROSTER)
    def answer(request: HwbRequest) -> HttpResponseBase:
        view = _view(request, collection, version)
        return _listed(request, view, collection, collection.relation(view))

    return answer


def one_of(collection: Collection, version: Version) -> Answer:
    """GET of one thing; unknown and another school's look alike."""

    @allow(Caller.ONEROSTER)
    def answer(request: HwbRequest, *, sourced_id: str) -> HttpResponseBase:
        view = _view(request, collection, version)
        selected = query.selection(request.GET, collection.members(version))
        row = one(collection, view, sourced_id) if len(sourced_id) <= _LONGEST_ID else None
        if row is None:
            raise not_found()
        return _json({collection.singular: _selected(collection.write(row, view.pen), selected)})

    return answer


def list_below(parent: Collection, below: Below, collection: Collection, version: Version) -> Answer:
    """GET of a list below a thing."""

    @allow(Caller.ONEROSTER)
    def answer(request: HwbRequest, *, sourced_id: str) -> HttpResponseBase:
        view = _view(request, collection, version)
        row = one(parent, view, sourced_id) if len(sourced_id) <= _LONGEST_ID else None
        if row is None:
            raise not_found()
        return _listed(request, view, collection, below(view, row))

    return answer


def list_below_schools_class(below: Below, collection: Collection, version: Version) -> Answer:
    """GET of a list below a class below its school."""

    @allow(Caller.ONEROSTER)
    def answer(request: HwbRequest, *, school: str, sourced_id: str) -> HttpResponseBase:
        view = _view(request, collection, version)
        row = of_schools_class(view, school, sourced_id) if len(sourced_id) <= _LONGEST_ID else None
        if row is None:
            raise not_found()
        return _listed(request, view, collection, below(view, row))

    return answer


@allow(Caller.ANYONE)
def nothing(request: HwbRequest, **_parts: str) -> HttpResponseBase:
    """Any other address of the standard: what no MIS sends is not here."""
    del request
    raise not_found()


def view_of(service: ServiceRow, version: Version) -> View:
    """What a service sees today, and how it is written. Raises ImproperlyConfigured for another installation's key."""
    key = services.key_of(service)
    today = clock.today()
    return View(
        seen=Seen(schools=None if service.all_schools else service.schools, kinds=service.kinds, today=today),
        pen=Pen(
            version=version, root=f"{settings.HWB_BASE_URL}/{BASES[version]}", today=today,
            known_as=lambda account: key.identifier(account, sector=service.sector),
            year_start=nation_settings.policy().year_start,
        ),
        account=account_reader(lambda sourced_id: key.account(sourced_id, sector=service.sector)),
    )  # fmt: skip


def _view(request: HwbRequest, collection: Collection, version: Version) -> View:
    if not request.reader.scopes & collection.scopes:
        raise forbidden()
    return view_of(request.reader.service, version)


def _listed(request: HwbRequest, view: View, collection: Collection, relation: Relation) -> HttpResponseBase:
    version = view.pen.version
    fields = fields_of(collection, relation, version)
    wanted = query.read(request.GET, fields=fields, members=collection.members(version), account=view.account)
    told = urlencode(sorted((name, value) for name, value in request.GET.items() if name not in ("offset", "limit")))
    rows, total = passes.page(relation, wanted.asked, mark=(request.reader.mark, request.path, told))
    written = [_selected(collection.write(row, view.pen), wanted.selected) for row in rows]
    response = _json({collection.plural: written})
    response["X-Total-Count"] = str(total)
    response["Link"] = _links(request, wanted.asked, total)
    return response


def _links(request: HwbRequest, asked: Asked, total: int) -> str:
    """RFC 8288: next, prev, first and last, with everything else that was asked."""
    last = (max(total, 1) - 1) // asked.limit * asked.limit
    places = {"first": 0, "last": last}
    if asked.offset + asked.limit < total:
        places["next"] = asked.offset + asked.limit
    if asked.offset:
        places["prev"] = max(0, asked.offset - asked.limit)
    sent = {name: value for name, value in request.GET.items() if name not in ("offset", "limit")}
    base = f"{settings.HWB_BASE_URL}{request.path}"
    return ", ".join(
        f'<{base}?{urlencode({**sent, "limit": asked.limit, "offset": offset})}>; rel="{name}"'
        for name, offset in sorted(places.items())
    )


def _selected(thing: dict[str, Any], selected: frozenset[str] | None) -> dict[str, Any]:
    return thing if selected is None else {name: value for name, value in thing.items() if name in selected}


def _json(content: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), content_type="application/json")
