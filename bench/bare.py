"""The least that can sign in on the same stack: Django's own middleware, one form, one Argon2, one session."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwb.config.settings")

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import check_password
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path

from bench.plain import MIDDLEWARE

settings.ROOT_URLCONF = "bench.bare"
settings.MIDDLEWARE = MIDDLEWARE
settings.INSTALLED_APPS = [
    "hwb.directory", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"
]  # fmt: skip
settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
application = get_wsgi_application()


def sign_in(request: HttpRequest) -> HttpResponse:
    """The account by its username, its password, Django's session."""
    from hwb.directory.models import Account, Identifier

    if request.method == "POST":
        named = Identifier.objects.filter(value=request.POST["username"]).values("account")
        account = Account.objects.filter(pk__in=named).first()
        if account is not None and check_password(request.POST["password"], account.password):
            login(request, account, backend="hwb.signin.backend.PasswordBackend")
            return HttpResponseRedirect("/")
    return HttpResponse(
        f'<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        '<input name="username"><input name="password" type="password"><button>Sign in</button></form>'
    )


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("en/sign-in/", sign_in), path("healthz", healthz)]
