"""Addresses of pages that may be another module's."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.urls import NoReverseMatch, reverse


def address(route: str, *, query: dict[str, str] | None = None, **parts: str | UUID) -> str:
    """The page's address in the reader's language, empty where this installation has no such page."""
    try:
        found = reverse(route, kwargs=parts)
    except NoReverseMatch:
        return ""
    return f"{found}?{urlencode(query)}" if query else found
