"""What was typed into a search, under a random id: addresses carry the id, never a name or a UPN.

Kept in the session of whoever typed it, the newest ten; nobody else can look it up.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import HttpRequest

LONGEST = 200  # characters
_KEPT = 10
_KEY = "searches"


def keep(request: HttpRequest, text: str) -> str:
    """The id of a new search; empty for nothing typed."""
    typed = " ".join(text.replace("\0", "").split())[:LONGEST]
    if not typed:
        return ""
    search = str(uuid4())
    known = list(request.session.get(_KEY, []))
    request.session[_KEY] = [*known[-(_KEPT - 1) :], [search, typed]]
    return search


def text_of(request: HttpRequest, search: str | UUID) -> str:
    """What was typed; empty for an id that is not, or no longer, this session's."""
    return str(next((typed for known, typed in request.session.get(_KEY, []) if known == str(search)), ""))
