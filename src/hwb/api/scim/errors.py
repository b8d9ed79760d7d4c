"""What SCIM calls an error (RFC 7644, section 3.12)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from hwb.api.errors import ApiError
from hwb.api.texts import language_of
from hwb.extract.texts import N_, Text, render

MEDIA_TYPE = "application/scim+json"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_TYPES = ("invalidFilter", "invalidValue", "invalidPath")


def scim_error(request: HttpRequest, error: ApiError) -> JsonResponse:
    """The error in SCIM's form, in the language that was asked for."""
    body = {
        "schemas": [_ERROR],
        "status": str(error.status),
        "detail": render(error.text, language=language_of(request), domain=error.domain),
    }
    if error.code in _TYPES:
        body["scimType"] = error.code
    return JsonResponse(body, status=error.status, content_type=MEDIA_TYPE)


def read_only() -> ApiError:
    return ApiError(403, "read_only", Text(N_("A service reads here; what stands here comes from schools.")))


def invalid_filter() -> ApiError:
    text = Text(N_("The filter cannot be read, or names something that this service cannot filter by."))
    return ApiError(400, "invalidFilter", text)


def invalid_value(name: str) -> ApiError:
    return ApiError(400, "invalidValue", Text(N_("This cannot be read: {name}"), {"name": name}))


def not_here() -> ApiError:
    """RFC 7644, section 4: descriptions are not filtered."""
    return ApiError(403, "forbidden", Text(N_("This cannot be filtered.")))
