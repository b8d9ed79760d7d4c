"""What a source of official accounts writes by SCIM, answered; for everybody else it is refused."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase

from hwb.api.access import Caller, HwbRequest, allow
from hwb.api.scim import writing
from hwb.api.scim.schemas import BULK_BYTES
from hwb.api.scim.views import answer, selected, source_of, versions
from hwb.api.scim.writing import Order
from hwb.api.upload import read_small_json


@allow(Caller.SCIM)
def create(request: HwbRequest) -> HttpResponseBase:
    """POST /Users."""
    done = writing.do(source_of(request), Order("POST", data=read_small_json(request)))
    return _written(request, done)


@allow(Caller.SCIM)
def change(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """PUT and PATCH /Users/{id}; of what has changed since the version in If-Match, nothing."""
    source = source_of(request)
    order = Order(request.method or "", resource, read_small_json(request), versions(request, "If-Match"))
    return _written(request, writing.do(source, order))


@allow(Caller.SCIM)
def delete(request: HwbRequest, *, resource: str) -> HttpResponseBase:
    """DELETE /Users/{id}: switched off for good. Nobody's data vanishes, and no name is given again (R30, R33)."""
    writing.do(source_of(request), Order("DELETE", resource, None, versions(request, "If-Match")))
    return HttpResponse(status=204)


@allow(Caller.SCIM)
def bulk(request: HwbRequest) -> HttpResponseBase:
    """POST /Bulk."""
    source = source_of(request)
    return answer(writing.bulk(request, source, read_small_json(request, largest=BULK_BYTES)))


def _written(request: HwbRequest, done: writing.Done) -> HttpResponse:
    made = done.made or {}
    response = answer(selected(request, made), done.status)
    response["ETag"] = made["meta"]["version"]
    response["Location" if done.status == 201 else "Content-Location"] = made["meta"]["location"]
    return response
