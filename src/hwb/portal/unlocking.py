"""Ending the wait of somebody who mistyped their password too often (LX18, ux.md B9, B14)."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hwb import clock
from hwb.operations import attempts
from hwb.web import banner
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text


@page(Action.RESET_PASSWORD, methods="POST")
def unlock_learner(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """Of a learner; recorded."""
    _unlock(request, dfes, account)
    return redirect("learner", dfes=dfes, account=account)


@page(Action.RESET_STAFF_PASSWORD, methods="POST")
def unlock_staff(request: PageRequest, dfes: str, account: UUID) -> HttpResponse:
    """Of a member of staff; recorded."""
    _unlock(request, dfes, account)
    return redirect("staff-member", dfes=dfes, account=account)


def _unlock(request: PageRequest, dfes: str, account: UUID) -> None:
    acting = f"account {request.person.account}"
    if not attempts.unlock(account=account, school=dfes, acting_user=acting, now=clock.now()):
        raise Http404  # whom the school has had it sees, no more
    banner.put(request, Text(N_("Signing in has been unlocked.")))


urlpatterns = [
    path("school/<str:dfes>/learners/<uuid:account>/unlock/", unlock_learner, name="unlock-learner"),
    path("school/<str:dfes>/staff/<uuid:account>/unlock/", unlock_staff, name="unlock-staff"),
]
