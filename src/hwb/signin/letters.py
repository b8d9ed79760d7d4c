"""The signed-in person's choice of languages and messages: every message leads here."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from hwb.directory.queries import messages as rows
from hwb.operations import messages
from hwb.web import banner
from hwb.web.again import next_of
from hwb.web.forms import PageForm
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_, Text

BOTH, YES, NO, ANY = "both", "yes", "no", "any"
_CHOOSE = N_("Choose one")
#: As choices are kept: empty is both.
LANGUAGES = {"cy": N_("Welsh"), "en": N_("English"), "": N_("Welsh and English, Welsh first")}


class LettersForm(PageForm):
    """Languages of pages and messages, and whether summaries too."""

    pages = forms.ChoiceField(
        label=N_("Language of pages"), widget=forms.RadioSelect,
        help_text=N_("Pages begin in it when you sign in. The link at the top changes it for the time being."),
        choices=[("cy", N_("Welsh")), ("en", N_("English")), (ANY, N_("As the page where I sign in"))],
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
        name: {"required": _CHOOSE, "invalid_choice": _CHOOSE} for name in ("pages", "language", "digests")
    }


@page(Action.OWN_ACCOUNT, methods="POST")
def keep_language(request: PageRequest) -> HttpResponse:
    """What a page offers once after the language was changed: pages begin in it from now on."""
    known = rows.choice(request.person.account)
    messages.choose(
        account=request.person.account, language=known.language, digests=known.digests, pages=request.language
    )
    banner.put(request, Text(N_("Pages will begin in this language when you sign in.")))
    return HttpResponseRedirect(next_of(request) or reverse("own-account"))


@page(Action.OWN_ACCOUNT, methods="GET POST")
def own_messages(request: PageRequest) -> HttpResponse:
    """In which language one reads, and which messages one gets."""
    known = rows.choice(request.person.account)
    digests = YES if known.digests else NO
    initial = {"pages": known.pages or ANY, "language": known.language or BOTH, "digests": digests}
    form = LettersForm.of(request, initial=initial)
    if form.is_sent():
        given = form.cleaned_data
        language = "" if given["language"] == BOTH else given["language"]
        pages = "" if given["pages"] == ANY else given["pages"]
        digests = given["digests"] == YES
        messages.choose(account=request.person.account, language=language, digests=digests, pages=pages)
        banner.put(request, Text(N_("Your choice has been saved.")))
        return HttpResponseRedirect(reverse("own-account"))
    title = N_("Your languages and messages")
    return show(request, "signin/letters.html", title=title, form=form, back=reverse("own-account"))
