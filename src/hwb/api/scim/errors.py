"""What SCIM calls an error (RFC 7644, section 3.12)."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from hwb.api.errors import ApiError
from hwb.api.texts import language_of
from hwb.extract.texts import N_, Text, render

MEDIA_TYPE = "application/scim+json"
_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_TYPES = (
    "invalidFilter", "invalidValue", "invalidPath", "invalidSyntax", "mutability", "noTarget", "tooMany", "uniqueness",
)  # fmt: skip


def scim_error(request: HttpRequest, error: ApiError) -> JsonResponse:
    """The error in SCIM's form, in the language that was asked for."""
    return JsonResponse(body_of(request, error), status=error.status, content_type=MEDIA_TYPE)


def body_of(request: HttpRequest, error: ApiError) -> dict[str, str | list[str]]:
    """The same as it stands within an answer to several operations."""
    body: dict[str, str | list[str]] = {
        "schemas": [_ERROR],
        "status": str(error.status),
        "detail": render(error.text, language=language_of(request), domain=error.domain),
    }
    if error.code in _TYPES:
        body["scimType"] = error.code
    return body


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


def no_more_operations(limit: int) -> ApiError:
    """RFC 7644, section 3.7.4."""
    text = Text(N_("At most {limit} operations are taken at once."), {"limit": str(limit)})
    return ApiError(413, "too_large", text)


def cannot_be(code: str, text: Text, *, status: int = 400) -> ApiError:
    """What a source wants cannot be."""
    return ApiError(status, code, text)
