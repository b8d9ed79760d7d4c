"""What a service asks by SCIM, answered. Whatever would write is refused: what stands here comes from schools."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from pydantic import BaseModel, Field, ValidationError

from hwb import clock
from hwb.api import passes
from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.errors import body_not_understood, not_found
from hwb.api.scim import filters, schemas, shapes
from hwb.api.scim.errors import MEDIA_TYPE, invalid_value, not_here, read_only
from hwb.api.scim.schemas import MOST, location
from hwb.api.scim.shapes import Pen, Resource
from hwb.api.upload import read_small_json
from hwb.directory.queries import roster, roster_people, roster_places
from hwb.directory.queries.roster import Asked, Relation
from hwb.directory.queries.roster import Field as Known
from hwb.directory.queries.roster_people import SCIM_FIELDS, Seen
from hwb.directory.queries.services import ServiceRow
from hwb.operations import services

_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_CLASS = re.compile(r"([0-9]{7})-([hs])-([0-9a-f]{16})")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_STANDARD_COUNT = 100
#: What may be filtered by beside id, active and meta, by scope.
_BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    "profile": ("username", "displayname", "name.formatted", "name.givenname", "name.familyname"),
    "email": ("emails.value",), "roles": ("usertype",), "organisation": ("schools.value", "schools.yeargroup"),
}  # fmt: skip
_OF_GROUPS = ("id", "displayname", "meta.lastmodified", "school", "kind")
_MOST_MEMBERS = 100_000


class Search(BaseModel):
    """A search. What else stands in it, such as an order, is passed over, as in a query string."""

    schemas: list[str] = Field(min_length=1, exclude=True)
    attributes: list[str] | None = None
    excludedAttributes: list[str] | None = None  # noqa: N815 - the standard's names
    filter: str | None = None
    startIndex: int | None = None  # noqa: N815
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one service sees."""

    seen: Seen
    pen: Pen
    account: Callable[[str], str | None]
    mark: str


@allow(Caller.SCIM)
def users(request: HwbRequest) -> HttpResponseBase:
    """GET /Users, and POST /Users/.search, whose filter stands in no address."""
    _take_search(request)
    view = _view(request)
    relation = roster_people.people(view.seen, fields=_fields(view))
    rows, head = _listed(request, view, relation)
    return _answer(head | {"Resources": [_selected(request, shapes.user(row, view.pen)) for row in rows]})


@allow(Caller.SCIM)
def user(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Users/{id}; unknown and another school's look alike."""
    view = _view(request)
    account = view.account(resource)
    if account is None:
        raise not_found()
    rows = roster.page(roster_people.people(view.seen, accounts=[account]), Asked(limit=1))
    if not rows:
        raise not_found()
    return _one(request, shapes.user(rows[0], view.pen))


@allow(Caller.SCIM)
def groups(request: HwbRequest) -> HttpResponseBase:
    """GET /Groups: registration groups and classes; none for a service that is not told of schools."""
    _take_search(request)
    view = _view(request)
    relation = _classes(view)
    rows, head = _listed(request, view, replace(relation, fields={name: relation.fields[name] for name in _OF_GROUPS}))
    made = _groups(request, view, rows)
    return _answer(head | {"Resources": [_selected(request, one) for one in made]})


@allow(Caller.SCIM)
def group(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Groups/{id}."""
    view = _view(request)
    match = _CLASS.fullmatch(resource)
    rows = roster.page(_classes(view, match), Asked(limit=1)) if match else []
    if not rows:
        raise not_found()
    return _one(request, _groups(request, view, rows)[0])


@allow(Caller.SCIM)
def refuse(request: HwbRequest, **_parts: str) -> HttpResponseBase:
    """POST, PUT, PATCH, DELETE."""
    del request
    raise read_only()


@allow(Caller.ANYONE)
def config(request: HwbRequest) -> HttpResponseBase:
    """GET /ServiceProviderConfig."""
    _not_filtered(request)
    return _answer(schemas.config())


@allow(Caller.ANYONE)
def described(request: HwbRequest) -> HttpResponseBase:
    """GET /Schemas and /ResourceTypes."""
    _not_filtered(request)
    found = _descriptions(request)
    return _answer(_head(len(found), 1, len(found)) | {"Resources": found})


@allow(Caller.ANYONE)
def description(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Schemas/{uri} and /ResourceTypes/{name}."""
    for found in _descriptions(request):
        if found["id"] == resource:
            return _answer(found)
    raise not_found()


@allow(Caller.ANYONE)
def nothing(request: HwbRequest, **_parts: str) -> HttpResponseBase:
    """Any other address."""
    del request
    raise not_found()


def _take_search(request: HwbRequest) -> None:
    """The body of a search (RFC 7644, section 3.4.3) in place of a query string."""
    if request.method != "POST":
        return
    try:
        sent = Search.model_validate(read_small_json(request)).model_dump(exclude_none=True)
        told = {name: ",".join(value) if isinstance(value, list) else value for name, value in sent.items()}
        request.GET = QueryDict(urlencode(told))
    except (ValidationError, UnicodeEncodeError):  # the second: half of a letter, which JSON can write
        raise body_not_understood() from None


def _descriptions(request: HttpRequest) -> list[dict[str, Any]]:
    return schemas.schemas() if "/Schemas" in request.path else schemas.resource_types()


def _not_filtered(request: HttpRequest) -> None:
    if "filter" in request.GET:
        raise not_here()


def _view(request: HwbRequest) -> View:
    service, scopes = request.reader.service, request.reader.scopes
    key = services.key_of(service)
    return View(
        seen=_seen(service),
        pen=Pen(known_as=lambda account: key.identifier(account, sector=service.sector), scopes=scopes),
        account=lambda known: None if (found := key.account(known, sector=service.sector)) is None else str(found),
        mark=request.reader.mark,
    )


def _seen(service: ServiceRow) -> Seen:
    schools = None if service.all_schools else service.schools
    return Seen(schools=schools, kinds=service.kinds, today=clock.today())


def _fields(view: View) -> dict[str, Known]:
    """What a service may filter people by: what it is told of them."""
    names = {"id", "active", "meta.lastmodified"}
    for scope in view.pen.scopes:
        names.update(_BY_SCOPE.get(scope, ()))
    found = {name: known for name, known in SCIM_FIELDS.items() if name in names}
    # Who is told no username has the id in its place.
    return found if "username" in found else {**found, "username": SCIM_FIELDS["id"]}


def _classes(view: View, match: re.Match[str] | None = None) -> Relation:
    seen = view.seen if "organisation" in view.pen.scopes else replace(view.seen, schools=())
    if match is None:
        relation = roster_places.classes(seen)
    else:
        relation = roster_places.classes(seen.of_school(match[1]), kind=match[2], digest=match[3])
    return replace(relation, where=(*relation.where, "c.here"))


def _groups(request: HttpRequest, view: View, rows: Sequence[Mapping[str, Any]]) -> list[Resource]:
    if not rows or not _wants_members(request):
        return [shapes.group(row, None) for row in rows]
    among = [(row["school"], row["kind"], row["name"]) for row in rows]
    relation = roster_places.members(view.seen, among=among, here=True)
    members: dict[str, list[str]] = defaultdict(list)
    for row in roster.page(relation, Asked(limit=_MOST_MEMBERS)):
        members[row["class"]].append(view.pen.known_as(row["account"]))
    return [shapes.group(row, members[row["id"]]) for row in rows]


def _wants_members(request: HttpRequest) -> bool:
    """Members are what costs: they are not fetched where they are not asked for."""
    if "attributes" in request.GET:
        return "members" in request.GET["attributes"].lower()
    excluded = request.GET.get("excludedAttributes", "").lower().split(",")
    return "members" not in [name.strip().rpartition(":")[2] for name in excluded]


def _listed(request: HwbRequest, view: View, relation: Relation) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a page and what a list says of itself (RFC 7644, section 3.4.2.4)."""
    start = max(1, _whole(request, "startIndex", 1))
    wanted = min(MOST, max(0, _whole(request, "count", _STANDARD_COUNT)))
    text = request.GET.get("filter")
    condition = None if text is None else filters.read(text, relation.fields, view.account)
    asked = Asked(condition=condition, limit=wanted, offset=start - 1)
    rows, total = passes.page(relation, asked, mark=(view.mark, request.path, text or ""))
    return rows, _head(total, start, len(rows))


def _head(total: int, start: int, shown: int) -> dict[str, Any]:
    return {"schemas": [_LIST], "totalResults": total, "startIndex": start, "itemsPerPage": shown}


def _whole(request: HttpRequest, name: str, standard: int) -> int:
    text = request.GET.get(name)
    if text is None:
        return standard
    if not _WHOLE.fullmatch(text):
        raise invalid_value(name)
    return int(text)


def _one(request: HwbRequest, made: Resource) -> HttpResponse:
    """One resource with its version; nothing where the service has this version already."""
    version = made["meta"]["version"]
    if version in [part.strip() for part in request.headers.get("If-None-Match", "").split(",")]:
        response = HttpResponse(status=304)
    else:
        response = _answer(_selected(request, made))
        response["Content-Location"] = location(f"{made['meta']['resourceType']}s", made["id"])
    response["ETag"] = version
    return response


def _selected(request: HttpRequest, made: Resource) -> Resource:
    return shapes.selected(made, request.GET.get("attributes"), request.GET.get("excludedAttributes"))


def _answer(content: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(content), content_type=MEDIA_TYPE)
