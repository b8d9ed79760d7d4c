"""The sign-in as Django's app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest


class SigninConfig(AppConfig):
    name = "hwb.signin"
    label = "signin"

    def ready(self) -> None:
        user_logged_out.connect(_end_services, dispatch_uid="hwb.signin.services")


def _end_services(request: HttpRequest | None, **_: Any) -> None:
    """Who signs out of Hwb is signed out of the services that they went to from here."""
    from hwb.operations import service_sign_ins

    if request is not None and request.session.session_key:
        service_sign_ins.end_of_session(request.session.session_key)
