"""What OneRoster calls an error: a status, a minor code of the standard, and a sentence."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from hwb.api.errors import ApiError
from hwb.api.texts import language_of
from hwb.extract.texts import N_, Text, render

#: The standard's minor code for our own; every other one is invaliddata.
_MINOR = {
    "not_found": "unknownobject", "unauthenticated": "unauthorisedrequest", "forbidden": "forbidden",
    "method_not_allowed": "forbidden", "unavailable": "server_busy", "unexpected": "internal_server_error",
    "invalid_filter_field": "invalid_filter_field", "invalid_selection_field": "invalid_selection_field",
}  # fmt: skip


def status_info(request: HttpRequest, error: ApiError) -> JsonResponse:
    """The error as imsx_StatusInfo, in the language that was asked for."""
    body = {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": render(error.text, language=language_of(request), domain=error.domain),
        "imsx_CodeMinor": {
            "imsx_codeMinorField": [
                {
                    "imsx_codeMinorFieldName": "TargetEndSystem",
                    "imsx_codeMinorFieldValue": _MINOR.get(error.code, "invaliddata"),
                }
            ]
        },
    }
    return JsonResponse(body, status=error.status)


def forbidden() -> ApiError:
    return ApiError(403, "forbidden", Text(N_("The access token lacks the scope that this needs.")))


def invalid(name: str) -> ApiError:
    """Something in the query string that is not understood; `name` is the parameter's."""
    return ApiError(400, "invalid", Text(N_("This cannot be read: {name}"), {"name": name}))


def unknown_filter_field() -> ApiError:
    return ApiError(400, "invalid_filter_field", Text(N_("The filter names a field that cannot be filtered by.")))


def unknown_selection_field() -> ApiError:
    return ApiError(400, "invalid_selection_field", Text(N_("A field was selected that there is not.")))
