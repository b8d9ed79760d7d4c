"""Every word of a page, in the reader's language: sentences, numbers, dates.

A sentence is English in the code, marked by `N_` (or `{% say %}` in a template), and its Welsh stands in the
catalogue of the room where it is written: web.po, signin.po, portal.po (ux.md 13).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from hwb import clock
from hwb.extract.texts import N_, Both, Language, Text, has_sentence, ngettext, render, unfilled

__all__ = [
    "N_", "Language", "Text", "day", "html", "language_now", "moment", "ngettext", "number", "relative",
    "say", "short_day", "time_of_day",
]  # fmt: skip

#: Where a sentence is looked for when no room is given, in this order.
DOMAINS = ("portal", "signin", "web", "lifecycle", "extract", "server")

_MONTHS = (
    N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June"), N_("July"), N_("August"),
    N_("September"), N_("October"), N_("November"), N_("December"),
)  # fmt: skip
# "Mai" and "Gorff" are what Welsh calendars write; no form is cut off by a rule.
_SHORT_MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May (short)"), N_("Jun"), N_("Jul"), N_("Aug"), N_("Sep"),
    N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip


def language_now() -> Language:
    """The language of the page that is being made."""
    return "cy" if (get_language() or "en").startswith("cy") else "en"


def say(text: Text | str, language: Language | None = None, *, domain: str | None = None) -> str:
    """A marked sentence in `language` (the page's, when it is not given). Raises KeyError when a gap has no value.

    domain: the room whose catalogue is asked first; the others follow.
    """
    sentence = Text(text) if isinstance(text, str) else text
    chosen = language or language_now()
    return render(sentence, language=chosen, domain=_domain_of(sentence, chosen, domain))


def html(text: Text, *, domain: str | None = None, **values: Any) -> SafeString:
    """The sentence as HTML: it and the values in its gaps are escaped; a value that is safe HTML already stays."""
    language = language_now()
    known = {**text.values, **values}
    counted = Text(text.message, {"count": known.get("count", 0)}, text.plural)
    sentence = unfilled(counted, language=language, domain=_domain_of(text, language, domain))
    filled = {name: conditional_escape(_shown(value)) for name, value in known.items()}
    return mark_safe(conditional_escape(sentence).format_map(filled))  # noqa: S308 - every part is escaped


def _shown(value: Any) -> Any:
    if isinstance(value, Both):
        return value.said(language_now())
    if isinstance(value, bool) or not isinstance(value, int | datetime | date):
        return value
    if isinstance(value, int):
        return number(value)
    return moment(value) if isinstance(value, datetime) else day(value)


def _domain_of(text: Text, language: Language, first: str | None) -> str:
    order = DOMAINS if first is None else (first, *DOMAINS)
    if language == "en":
        return order[0]
    return next((domain for domain in order if has_sentence(text, language=language, domain=domain)), order[0])


def number(value: int, language: Language | None = None) -> str:
    """ "1,460" in both languages."""
    del language  # the two agree; the argument keeps the call alike for all values
    return f"{value:,}"


def day(value: date, language: Language | None = None) -> str:
    """ "1 September 2018", Welsh "1 Medi 2018". A moment gives its day in London."""
    local = _local_day(value)
    return f"{local.day} {say(_MONTHS[local.month - 1], language, domain='web')} {local.year}"


def short_day(value: date, language: Language | None = None) -> str:
    """ "1 Sep" for narrow cells."""
    local = _local_day(value)
    short = say(_SHORT_MONTHS[local.month - 1], language, domain="web")
    return f"{local.day} {short.removesuffix(' (short)')}"


def time_of_day(value: datetime) -> str:
    """ "02:14" in London, by the 24-hour clock in both languages."""
    return f"{value.astimezone(clock.LONDON):%H:%M}"


def moment(value: datetime, language: Language | None = None) -> str:
    """ "1 September 2018, 02:14"."""
    return f"{day(value, language)}, {time_of_day(value)}"


def relative(value: date, *, today: date, language: Language | None = None) -> str:
    """ "today", "yesterday", "3 days ago", "in 3 days": beside a date, never alone (ux.md 3.3)."""
    days = (today - _local_day(value)).days
    if days == 0:
        return say(N_("today"), language, domain="web")
    if days in (1, -1):
        return say(N_("yesterday") if days == 1 else N_("tomorrow"), language, domain="web")
    if days > 0:
        return say(ngettext("{count} day ago", "{count} days ago", days), language, domain="web")
    return say(ngettext("in {count} day", "in {count} days", -days), language, domain="web")


def _local_day(value: date) -> date:
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return clock.calendar_date(aware)
    return value
