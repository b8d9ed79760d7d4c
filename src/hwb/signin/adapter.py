"""What allauth is told about this service: nobody signs up, no messages of its own, our pages."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from hwb.signin import known_devices


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from schools' data and from operators only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        del request
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Its texts are not in Welsh; pages have their own."""

    def get_login_stages(self) -> list[str]:
        """Ours alone: nothing of e-mail addresses or telephones, which schools' data do not prove."""
        return ["hwb.signin.stages.SecondStepStage"]

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """After every way of signing in, when all its steps are done: the device knows the account."""
        response: HttpResponse = super().post_login(request, user, **more)
        known_devices.remember(request, response, user.pk)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        del request
        return reverse("start")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        del request
        return reverse("sign-in")
