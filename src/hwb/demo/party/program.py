"""Runs a service on a loopback until standard input ends; says "ready" when it is."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse


class Headers:
    """What every answer carries: forms lead to the service itself and, signing out, on to Hwb."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._policy = (
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {os.environ['ISSUER']}"
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response["Content-Security-Policy"] = self._policy
        response.setdefault("Cache-Control", "no-store")
        return response


def configure(pages: str, folder: Path, cookie: str) -> None:
    """A Django site of its own, without a database; a session is a signed cookie, which ends with the program.

    pages: the module of its addresses; folder: its templates; cookie: what its cookies are called.
    """
    settings.configure(
        SECRET_KEY=secrets.token_hex(32),
        ALLOWED_HOSTS=["localhost", "127.0.0.1"],
        ROOT_URLCONF=pages,
        MIDDLEWARE=[
            f"{__name__}.Headers",
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        SESSION_COOKIE_NAME=cookie,  # browsers keep cookies by host, whatever the port
        CSRF_COOKIE_NAME=f"{cookie}-form",
        SECURE_REFERRER_POLICY="same-origin",  # "no-referrer" would take the origin from forms, which Django asks for
        LANGUAGES=[("en", "English"), ("cy", "Cymraeg")],
        LANGUAGE_CODE="en",
        USE_TZ=True,
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [folder],
        }],
    )  # fmt: skip
    django.setup()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request: their queries carry codes."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


def end_with_input(server: WSGIServer) -> None:
    """Whoever started the program keeps its input open; when they are gone, however, it ends."""
    sys.stdin.read()
    server.shutdown()


def run(*, pages: str, folder: Path, cookie: str) -> None:
    """Until standard input ends."""
    configure(pages, folder, cookie)
    with make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application(), Server, Quiet) as server:
        threading.Thread(target=end_with_input, args=(server,), daemon=True).start()
        print("ready", flush=True)
        server.serve_forever()
