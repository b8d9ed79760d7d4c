"""What the API says when it refuses: a stable code and the same sentence in English and Welsh."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse

from hwb.extract.texts import N_, Text, render


class ApiError(Exception):
    """An answer that ends a request. `status` is the HTTP status, `domain` the catalogue of `text`."""

    def __init__(self, status: int, code: str, text: Text, *, domain: str = "server") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text
        self.domain = domain


def error_response(error: ApiError, /, **more: Any) -> JsonResponse:
    """The error as {"code", "message", "message_cy"}."""
    body = {
        "code": error.code,
        "message": render(error.text, language="en", domain=error.domain),
        "message_cy": render(error.text, language="cy", domain=error.domain),
        **more,
    }
    return JsonResponse(body, status=error.status)


def not_found() -> ApiError:
    """Unknown and another client's answer alike."""
    return ApiError(404, "not_found", Text(N_("Nothing was found under this address.")))


def not_authorised() -> ApiError:
    return ApiError(403, "not_authorised", Text(N_("This client may not send for this school.")))


def unauthenticated() -> ApiError:
    return ApiError(401, "unauthenticated", Text(N_("The access token is missing, expired or withdrawn.")))


def method_not_allowed() -> ApiError:
    return ApiError(405, "method_not_allowed", Text(N_("This address does not know that method.")))


def body_not_understood() -> ApiError:
    return ApiError(400, "body_not_understood", Text(N_("What was sent could not be understood.")))


def too_large() -> ApiError:
    return ApiError(413, "too_large", Text(N_("More was sent than is accepted.")))


def unavailable() -> ApiError:
    return ApiError(
        503, "unavailable", Text(N_("The service is unavailable for the moment. Clients try again by themselves."))
    )


def unexpected() -> ApiError:
    return ApiError(500, "unexpected", Text(N_("There is a problem with the service. Nothing was changed.")))
