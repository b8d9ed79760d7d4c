"""The signed-in person's choice about languages and messages: every message leads here."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from hwb.directory.queries import messages as rows
from hwb.operations import messages
from hwb.web import banner
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

BOTH, YES, NO = "both", "yes", "no"
_CHOOSE = N_("Choose one")
#: As choices are kept: empty is both.
LANGUAGES = {"cy": N_("Welsh"), "en": N_("English"), "": N_("Welsh and English, Welsh first")}


class LettersForm(PageForm):
    """In which language, and whether summaries too."""

    pages = forms.ChoiceField(
        label=N_("Language of pages"), widget=forms.RadioSelect, required=False,
        help_text=N_("In which pages begin after you sign in. English and Cymraeg at the top change it for a visit."),
        choices=[("cy", N_("Welsh")), ("en", N_("English")), ("", N_("That of the sign-in page"))],
    )  # fmt: skip
    language = forms.ChoiceField(
        label=N_("Language of messages"), widget=forms.RadioSelect,
        choices=[(code or BOTH, text) for code, text in LANGUAGES.items()],
    )  # fmt: skip
    digests = forms.ChoiceField(
        label=N_("Daily summaries"), widget=forms.RadioSelect,
        help_text=N_("New refusals and arrivals, at 07:00 on school days."),
        choices=[(YES, N_("Send me daily summaries")), (NO, N_("Send me no daily summaries"))],
    )  # fmt: skip
    errors_said: ClassVar = {
        name: {"required": _CHOOSE, "invalid_choice": _CHOOSE} for name in ("language", "digests", "pages")
    }


@page(Action.OWN_ACCOUNT, methods="GET POST")
def own_messages(request: PageRequest) -> HttpResponse:
    """Which messages one gets, and in which language."""
    known = rows.choice(request.person.account)
    initial = {"pages": known.pages, "language": known.language or BOTH, "digests": YES if known.digests else NO}
    form = LettersForm.of(request, initial=initial)
    if form.is_sent():
        given = form.cleaned_data
        language = "" if given["language"] == BOTH else given["language"]
        messages.choose(
            account=request.person.account, language=language, digests=given["digests"] == YES, pages=given["pages"]
        )
        banner.put(request, Text(N_("Your choice has been saved.")))
        return HttpResponseRedirect(reverse("own-account"))
    return show(
        request, "signin/letters.html", title=N_("Your languages and messages"), form=form, back=reverse("own-account")
    )
