"""Leads pages from 127.0.0.1 to localhost, because passkeys do not work on a bare address."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

_NOT_PAGES = ("/api/", "/healthz", "/ims/", "/scim/", "/.well-known/", "/static/")


class LocalhostMiddleware:
    """Redirects GET requests for pages; programs are served wherever they ask."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host, colon, port = request.get_host().partition(":")
        if host == "127.0.0.1" and request.method == "GET" and not request.path.startswith(_NOT_PAGES):
            return HttpResponseRedirect(
                f"{request.scheme}://localhost{colon}{port}{request.get_full_path()}", status=307
            )
        return self._get_response(request)
