"""What a source writes of its official accounts: one at a time, or several in a bulk (RFC 7644, sections 3.3 to 3.7).

What Hwb does not take from a source is passed over, and the answer shows what stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from pydantic import ValidationError
from scim2_models import Context, PatchOp, Resource, Schema, ScimPolicy
from scim2_models.exceptions import SCIMException

from hwb import clock
from hwb.api.errors import ApiError, body_not_understood, not_found
from hwb.api.scim import schemas, shapes
from hwb.api.scim.errors import body_of, cannot_be, invalid_value, no_more_operations
from hwb.api.scim.schemas import location
from hwb.api.scim.shapes import Pen
from hwb.directory.queries import roster, source_accounts
from hwb.directory.queries.roster import Asked
from hwb.extract.texts import N_, Text
from hwb.operations import source_accounts as operations
from hwb.operations.source_accounts import SourceRefused, Wish

_POLICY = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
_PATH = re.compile(r"/Users(?:/([^/]+))?")
_UNREADABLE = N_("What was sent could not be understood.")
#: How a refusal is answered: status and SCIM's word.
_REFUSALS: Mapping[str, tuple[int, str]] = {
    "username": (400, "invalidValue"), "name": (400, "invalidValue"), "email": (400, "invalidValue"),
    "external_id": (400, "invalidValue"), "username_taken": (409, "uniqueness"), "email_taken": (409, "uniqueness"),
    "gone": (404, "not_found"), "suspended": (403, "suspended"), "moved": (412, "moved"),
    "another_person": (400, "mutability"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The service that writes. account: whose an id is, as it knows people."""

    service: UUID
    pen: Pen
    account: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do. if_match: versions of which one must still stand; empty for any."""

    method: str
    resource: str = ""
    data: Any = None
    if_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What it came to; `made`: the account as it stands, None where it is gone."""

    status: int
    made: shapes.Resource | None


def do(source: Source, order: Order) -> Done:
    """Creates, replaces, changes or deletes one account. Raises ApiError."""
    try:
        if order.method == "POST":
            wish = _wish(_read(order.data))
            made = operations.create(wish, source=source.service, now=clock.now())
            return Done(201, standing(source, made))
        account = _account(source, order.resource)
        who: dict[str, Any] = {
            "source": source.service, "only_if": lambda: _is_version(source, account, order.if_match),
            "now": clock.now(),
        }  # fmt: skip
        if order.method == "DELETE":
            operations.end(account, **who)
            return Done(204, None)
        operations.change(account, _wishing(source, account, order), **who)
        return Done(200, standing(source, account))
    except SourceRefused as refused:
        status, code = _REFUSALS[refused.code]
        raise cannot_be(code, refused.text, status=status) from None


def bulk(request: HttpRequest, source: Source, told: Any) -> dict[str, Any]:
    """All orders of a bulk, one after the other; each stands by itself. Raises ApiError."""
    orders = told.get("Operations") if isinstance(told, dict) else None
    most = told.get("failOnErrors", 0) if isinstance(told, dict) else 0
    if not isinstance(orders, list) or not isinstance(most, int) or isinstance(most, bool) or most < 0:
        raise body_not_understood()
    if len(orders) > schemas.BULK_OPERATIONS:
        raise no_more_operations(schemas.BULK_OPERATIONS)
    answers: list[dict[str, Any]] = []
    failures = 0
    for order in orders:
        answer, failed = _one_of_bulk(request, source, order)
        answers.append(answer)
        failures += failed
        if most and failures >= most:
            break
    return {"schemas": [_BULK], "Operations": answers}


def _one_of_bulk(request: HttpRequest, source: Source, told: Any) -> tuple[dict[str, Any], bool]:
    names = ("method", "bulkId") if _is_object(told) else ()
    known = {name: told[name] for name in names if isinstance(told.get(name), str)}
    try:
        order = _order(told)
        done = do(source, order)
    except ApiError as error:
        return {**known, "status": str(error.status), "response": body_of(request, error)}, True
    answer = {**known, "status": str(done.status)}
    if done.made is not None:
        answer |= {"location": done.made["meta"]["location"], "version": done.made["meta"]["version"]}
    else:
        answer["location"] = location("Users", order.resource)
    return answer, False


def _order(told: Any) -> Order:
    if not _is_object(told):
        raise body_not_understood()
    method, path, version = str(told.get("method", "")).upper(), told.get("path"), told.get("version")
    match = _PATH.fullmatch(path) if isinstance(path, str) else None
    if match is None or method not in ("POST", "PUT", "PATCH", "DELETE") or (method == "POST") == bool(match[1]):
        raise invalid_value("path")
    return Order(method, match[1] or "", told.get("data"), (version,) if isinstance(version, str) else ())


def _is_object(told: Any) -> bool:
    return isinstance(told, dict)


def _wishing(source: Source, account: UUID, order: Order) -> Callable[[], Wish]:
    """What a PUT or PATCH asks for; a PATCH of what stands once the account is locked.

    Of `active` only what is said: what stands may be Support's word, not the source's.
    """
    if order.method == "PUT":
        wish = _wish(_read(order.data))
        return lambda: wish
    patch = _reading(lambda: PatchOp[_model()].model_validate(  # type: ignore[misc] # a class made from the schema
        order.data, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=_POLICY
    ))  # fmt: skip

    def changed() -> Wish:
        found = _read({name: value for name, value in standing(source, account).items() if name != "active"})
        _reading(lambda: patch.patch(found, scim_policy=_POLICY))
        return _wish(found)

    return changed


def _wish(told: Resource[Any]) -> Wish:
    """Raises ApiError where something is missing."""
    written = told.model_dump()
    name = written.get("name") or {}
    wanted = {
        "userName": written.get("userName"), "name.givenName": name.get("givenName"),
        "name.familyName": name.get("familyName"), "emails.value": _address(written.get("emails") or []),
    }  # fmt: skip
    for attribute, value in wanted.items():
        if not value:
            raise cannot_be("invalidValue", Text(N_("This is needed: {name}"), {"name": attribute}))
    return Wish(
        username=str(wanted["userName"]), forename=str(wanted["name.givenName"]),
        surname=str(wanted["name.familyName"]), email=str(wanted["emails.value"]),
        active=written.get("active"), external_id=str(written.get("externalId") or ""),
    )  # fmt: skip


def _address(emails: list[dict[str, Any]]) -> Any:
    """The primary address, else the first."""
    found = [*(one for one in emails if one.get("primary")), *emails]
    return found[0].get("value") if found else None


def _read(told: Any) -> Resource[Any]:
    found: Resource[Any] = _reading(lambda: _model().model_validate(told, scim_policy=_POLICY))
    return found


def _reading(read: Callable[[], Any]) -> Any:
    """Turns what the library says into our own words: its own may hold what was sent."""
    try:
        return read()
    except SCIMException as error:
        raise cannot_be(error.scim_type or "invalidSyntax", Text(_UNREADABLE), status=error.status) from None
    except ValidationError as error:
        first = error.errors()[0]
        code = str(first.get("ctx", {}).get("scim_type") or first["type"].removeprefix("scim_"))
        if code in ("mutability", "noTarget", "invalidPath"):
            raise cannot_be(code, Text(_UNREADABLE)) from None
        if not first["loc"]:
            raise cannot_be("invalidSyntax", Text(_UNREADABLE)) from None
        raise invalid_value(".".join(map(str, first["loc"]))[:100]) from None


def _account(source: Source, resource: str) -> UUID:
    found = source.account(resource)
    if found is None:
        raise not_found()
    return UUID(found)


def standing(source: Source, account: UUID) -> shapes.Resource:
    """The source's account as it stands. Raises ApiError where it has no such one."""
    rows = roster.page(source_accounts.accounts(source.service, account=account), Asked(limit=1))
    if not rows:
        raise not_found()
    return shapes.official(rows[0], source.pen)


def _is_version(source: Source, account: UUID, versions: tuple[str, ...]) -> bool:
    return not versions or "*" in versions or standing(source, account)["meta"]["version"] in versions


@lru_cache(maxsize=1)
def _model() -> type[Resource[Any]]:
    """The published schema as a class: of it only what a source writes."""
    (schema,) = schemas.schemas(source=True)
    return Resource.from_schema(Schema.model_validate({**schema, "attributes": _written(schema["attributes"])}))


def _written(described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [each for each in described if each["mutability"] != "readOnly"]
    return [{**each, "subAttributes": _parts(each)} if "subAttributes" in each else each for each in kept]


def _parts(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _written(described["subAttributes"]) + [schemas.PRIMARY] * bool(described["multiValued"])
