"""A5: the right password of an account that is switched off. Only whoever knows the password comes here."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from hwb.directory.models import Account
from hwb.operations import help_codes
from hwb.web.frame import show
from hwb.web.page import PageRequest
from hwb.web.words import N_


def show_help(request: PageRequest, account: UUID) -> HttpResponse:
    """To learners a code for their teacher, to staff whom to ask. Why it is off stands with the school."""
    code = help_codes.code_for(account=account, at=datetime.now(UTC))
    return show(
        request, "signin/inactive.html", title=N_("Your account is not switched on yet"), code=code or "",
        learner=Account.objects.filter(pk=account, kind="learner").exists(), back=reverse("sign-in"),
    )  # fmt: skip
