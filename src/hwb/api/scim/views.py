"""What a service asks by SCIM, answered. Whatever would write is refused, but for a source of official accounts, which
sees and writes its own and nothing else: what else stands here comes from schools.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from pydantic import BaseModel, Field, ValidationError

from hwb import clock
from hwb.api import passes
from hwb.api.access import Caller, HwbRequest, allow, known_reader
from hwb.api.errors import ApiError, body_not_understood, not_found
from hwb.api.scim import filters, schemas, shapes, writing
from hwb.api.scim.errors import MEDIA_TYPE, invalid_value, not_here, read_only
from hwb.api.scim.schemas import MOST, location
from hwb.api.scim.shapes import Pen, Resource
from hwb.api.scim.writing import Source
from hwb.api.upload import read_small_json
from hwb.directory.queries import roster, roster_people, roster_places, source_accounts
from hwb.directory.queries.roster import Asked, Relation
from hwb.directory.queries.roster import Field as Known
from hwb.directory.queries.roster_people import SCIM_FIELDS, Seen
from hwb.directory.queries.services import ServiceRow
from hwb.operations import services

#: A page of one kind of resource, from an offset, and how many there are in all.
Listed = Callable[[HwbRequest, "View", int, int], tuple[list[Resource], int]]
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_CLASS = re.compile(r"([0-9]{7})-([hs])-([0-9a-f]{16})")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_STANDARD_COUNT = 100
#: What may be filtered by beside id, active and meta, by scope.
_BY_SCOPE: Mapping[str, tuple[str, ...]] = {
    "profile": ("username", "displayname", "name.formatted", "name.givenname", "name.familyname"),
    "email": ("emails.value",), "roles": ("usertype",), "organisation": ("schools.value", "schools.yeargroup"),
    "employee": ("employeenumber",),
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
    is_source: bool


@allow(Caller.SCIM)
def users(request: HwbRequest) -> HttpResponseBase:
    """GET /Users, and POST /Users/.search, whose filter stands in no address."""
    _take_search(request)
    return _list(request, view_of(request), _listed_users)


@allow(Caller.SCIM)
def user(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Users/{id}; unknown and another school's look alike."""
    view = view_of(request)
    account = view.account(resource)
    if account is None:
        raise not_found()
    if request.reader.service.is_source:
        return _one(request, writing.standing(source_of(request), UUID(account)))
    rows = roster.page(roster_people.people(view.seen, accounts=[account]), Asked(limit=1))
    if not rows:
        raise not_found()
    return _one(request, shapes.user(rows[0], view.pen))


@allow(Caller.SCIM)
def groups(request: HwbRequest) -> HttpResponseBase:
    """GET /Groups: registration groups and classes; none for a service that is not told of schools."""
    _take_search(request)
    return _list(request, view_of(request), _listed_groups)


@allow(Caller.SCIM)
def search(request: HwbRequest) -> HttpResponseBase:
    """POST /.search: people, then groups. What a filter names and one of the two has not, that one has no value of."""
    _take_search(request)
    return _list(request, view_of(request), _listed_users, _listed_groups)


@allow(Caller.SCIM)
def group(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Groups/{id}."""
    view = view_of(request)
    match = _CLASS.fullmatch(resource)
    rows = roster.page(_classes(view, match), Asked(limit=1)) if match else []
    if not rows:
        raise not_found()
    return _one(request, _groups(request, view, rows)[0])


@allow(Caller.SCIM)
def refuse(request: HwbRequest, **_parts: str) -> HttpResponseBase:
    """What nobody may write: groups come from schools."""
    del request
    raise read_only()


@allow(Caller.ANYONE)
def config(request: HwbRequest) -> HttpResponseBase:
    """GET /ServiceProviderConfig."""
    _not_filtered(request)
    return answer(schemas.config(source=_asks_as_source(request)))


@allow(Caller.ANYONE)
def described(request: HwbRequest) -> HttpResponseBase:
    """GET /Schemas and /ResourceTypes."""
    _not_filtered(request)
    found = _descriptions(request)
    return answer(_head(len(found), 1, len(found)) | {"Resources": found})


@allow(Caller.ANYONE)
def description(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """GET /Schemas/{uri} and /ResourceTypes/{name}."""
    for found in _descriptions(request):
        if found["id"] == resource:
            return answer(found)
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


def source_of(request: HwbRequest) -> Source:
    """The service that asks, as a source. Raises ApiError where it is none."""
    service = request.reader.service
    if not service.is_source:
        raise read_only()
    view = view_of(request)
    return Source(service=service.service, pen=view.pen, account=view.account)


def _asks_as_source(request: HttpRequest) -> bool:
    reader = known_reader(request, Caller.SCIM)
    return reader is not None and reader.service.is_source


def versions(request: HttpRequest, header: str) -> tuple[str, ...]:
    """The versions that If-Match or If-None-Match names."""
    return tuple(filter(None, (part.strip() for part in request.headers.get(header, "").split(","))))


def _descriptions(request: HttpRequest) -> list[dict[str, Any]]:
    """As true for a source as for who reads: each is told what it can do."""
    describe = schemas.schemas if "/Schemas" in request.path else schemas.resource_types
    return describe(source=_asks_as_source(request))


def _not_filtered(request: HttpRequest) -> None:
    if "filter" in request.GET:
        raise not_here()


def view_of(request: HwbRequest) -> View:
    """What the service that asks sees."""
    service, scopes = request.reader.service, request.reader.scopes
    key = services.key_of(service)
    return View(
        seen=_seen(service),
        pen=Pen(known_as=lambda account: key.identifier(account, sector=service.sector), scopes=scopes),
        account=lambda known: None if (found := key.account(known, sector=service.sector)) is None else str(found),
        mark=request.reader.mark,
        is_source=service.is_source,
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
    seen = view.seen if "organisation" in view.pen.scopes and not view.is_source else replace(view.seen, schools=())
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


def _list(request: HwbRequest, view: View, *kinds: Listed) -> HttpResponse:
    """A page of one list after the other, and what it says of itself (RFC 7644, section 3.4.2.4)."""
    start = max(1, _whole(request, "startIndex", 1))
    wanted = min(MOST, max(0, _whole(request, "count", _STANDARD_COUNT)))
    made: list[Resource] = []
    total, unfit = 0, 0
    for listed in kinds:
        try:
            found, number = listed(request, view, max(0, start - 1 - total), wanted - len(made))
        except ApiError as error:
            unfit += 1
            if error.code != "invalidFilter" or unfit == len(kinds):
                raise
            continue
        made += found
        total += number
    shown = [selected(request, one) for one in made]
    return answer(_head(total, start, len(shown)) | {"Resources": shown})


def _listed_users(request: HwbRequest, view: View, offset: int, limit: int) -> tuple[list[Resource], int]:
    if view.is_source:
        relation, shape = source_accounts.accounts(request.reader.service.service), shapes.official
    else:
        relation, shape = roster_people.people(view.seen, fields=_fields(view)), shapes.user
    rows, total = _rows(request, view, relation, offset, limit)
    return [shape(row, view.pen) for row in rows], total


def _listed_groups(request: HwbRequest, view: View, offset: int, limit: int) -> tuple[list[Resource], int]:
    relation = _classes(view)
    known = replace(relation, fields={name: relation.fields[name] for name in _OF_GROUPS})
    rows, total = _rows(request, view, known, offset, limit)
    return _groups(request, view, rows), total


def _rows(
    request: HwbRequest, view: View, relation: Relation, offset: int, limit: int
) -> tuple[list[dict[str, Any]], int]:
    text = request.GET.get("filter")
    condition = None if text is None else filters.read(text, relation.fields, view.account)
    asked = Asked(condition=condition, limit=limit, offset=offset)
    return passes.page(relation, asked, mark=(view.mark, request.path, relation.source, text or ""))


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
    if version in versions(request, "If-None-Match"):
        response = HttpResponse(status=304)
    else:
        response = answer(selected(request, made))
        response["Content-Location"] = location(f"{made['meta']['resourceType']}s", made["id"])
    response["ETag"] = version
    return response


def selected(request: HttpRequest, made: Resource) -> Resource:
    """As much of it as was asked for."""
    return shapes.selected(made, request.GET.get("attributes"), request.GET.get("excludedAttributes"))


def answer(content: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """In SCIM's own type."""
    return HttpResponse(orjson.dumps(content), status=status, content_type=MEDIA_TYPE)
