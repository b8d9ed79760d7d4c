"""A Django site that signs people in by mozilla-django-oidc. It runs as a program of its own, beside Hwb."""

from __future__ import annotations

import os
import secrets
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import urlencode
from wsgiref.simple_server import WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

ISSUER, PORT = os.environ["ISSUER"], int(os.environ["PORT"])
settings.configure(
    SECRET_KEY=secrets.token_hex(32),
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    SESSION_COOKIE_NAME="site",  # browsers keep cookies by host, whatever the port
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "mozilla_django_oidc.middleware.SessionRefresh",
    ],
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    LOGIN_REDIRECT_URL="/",
    LOGIN_REDIRECT_URL_FAILURE="/refused",
    LOGOUT_REDIRECT_URL="/",
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.out_of_hwb",
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid profile email roles",
    OIDC_USE_PKCE=True,
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/api/oidc/keys",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/api/oidc/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/api/oidc/userinfo",
    OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS=900,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - needs the settings
from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """People are known by `sub`, which is for ever, and not by an address."""

    def filter_users_by_claims(self, claims: dict[str, Any]) -> Any:
        return User.objects.filter(username=claims["sub"])

    def create_user(self, claims: dict[str, Any]) -> User:
        return self.update_user(User(username=claims["sub"]), claims)

    def update_user(self, user: User, claims: dict[str, Any]) -> User:
        user.first_name, user.email = ",".join(claims["roles"]), claims.get("email", "")
        user.save()
        return user


def home(request: HttpRequest) -> HttpResponse:
    user = request.user
    return JsonResponse({
        "user": user.get_username(), "roles": getattr(user, "first_name", ""), "email": getattr(user, "email", ""),
    })  # fmt: skip


def expire(request: HttpRequest) -> HttpResponse:
    """As if the 15 minutes after which the site renews were over."""
    request.session["oidc_id_token_expiration"] = 0
    return JsonResponse({})


def out_of_hwb(request: HttpRequest) -> str:
    """Where the site's own log-out leads: out of Hwb too, and back."""
    told = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": f"http://localhost:{PORT}/"}
    return f"{ISSUER}/sign-out?{urlencode(told)}"


def leave(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<form action="/oidc/logout/" method="post"><button>Leave</button></form>')


def refused(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"refused": request.user.is_authenticated is False})


urlpatterns = [
    path("", home),
    path("leave", leave),
    path("refused", refused),
    path("expire", expire),
    path("oidc/", include("mozilla_django_oidc.urls")),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0)
    with make_server("localhost", PORT, get_wsgi_application(), Server) as server:
        server.serve_forever()
