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
    """Who signs out of Hwb is signed out of the services that they went to from here, and a child leaves its class."""
    from hwb.operations import class_sessions, service_sign_ins
    from hwb.web.session import place_of

    if request is not None and request.session.session_key:
        service_sign_ins.end_of_session(request.session.session_key)
        if (place := place_of(request)) is not None:
            class_sessions.leave(place)
