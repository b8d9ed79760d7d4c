"""What stands between the right password and the session: the second step of whoever has one."""

from __future__ import annotations

from typing import Any

from allauth.account.stages import LoginStage, LoginStageController
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from hwb.directory.models import Account
from hwb.directory.queries import second_step


class SecondStepStage(LoginStage):  # type: ignore[misc]
    """Lets whoever has none go on, and leads everybody else to the page that asks for it."""

    key = "second_step"
    urlname = "second-step"

    def handle(self) -> tuple[HttpResponseRedirect | None, bool]:
        if not second_step.has_one(self.login.user.pk):
            return None, True
        return HttpResponseRedirect(reverse(self.urlname)), True


def waiting(request: HttpRequest) -> Any:
    """The stage of a sign-in that waits for its second step; None when there is none (any more)."""
    stage = LoginStageController.enter(request, SecondStepStage.key)
    account = None if stage is None else Account.objects.filter(pk=stage.login.user.pk, active=True).first()
    if account is None:
        return None
    since = account.sessions_from  # a reset or "sign out everywhere" ends what was begun before it too
    return None if since is not None and stage.login.initiated_at < since.timestamp() else stage
