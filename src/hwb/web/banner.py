"""The one notification banner: put before a redirect, shown once on the next page, in that page's language."""

from __future__ import annotations

from django.http import HttpRequest

from hwb.web.words import Text, say

_KEY = "banners"


def put(request: HttpRequest, *texts: Text) -> None:
    """Keeps a success message of one sentence or more for the next page; the newest stands."""
    request.session[_KEY] = [[text.message, dict(text.values), text.plural] for text in texts]


def take(request: HttpRequest) -> str:
    """The message, which is then gone; empty when there is none."""
    if not hasattr(request, "session") or _KEY not in request.session:
        return ""
    return " ".join(say(Text(message, values, plural)) for message, values, plural in request.session.pop(_KEY))
