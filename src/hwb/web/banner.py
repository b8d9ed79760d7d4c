"""The one notification banner: put before a redirect, shown once on the next page, in that page's language."""

from __future__ import annotations

from django.http import HttpRequest

from hwb.web.words import Text, say

_KEY = "banner"


def put(request: HttpRequest, text: Text) -> None:
    """Keeps a success message for the next page; the newest stands."""
    request.session[_KEY] = {"message": text.message, "values": dict(text.values), "plural": text.plural}


def take(request: HttpRequest) -> str:
    """The message, which is then gone; empty when there is none."""
    if not hasattr(request, "session") or _KEY not in request.session:
        return ""
    kept = request.session.pop(_KEY)
    return say(Text(kept["message"], kept["values"], kept["plural"]))
