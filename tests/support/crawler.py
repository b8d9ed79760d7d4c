"""Follows every link as one person, by GET: nothing may break, and nothing may change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from django.db import connection
from django.test import Client
from lxml import html
from tests.support.languages import foreign_texts

#: Kept by visiting itself: when a session was last used.
_VISITS = frozenset({"django_session"})


@dataclass
class Crawled:
    """Statuses by address, and texts in the wrong language by address."""

    statuses: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, list[str]] = field(default_factory=dict)

    @property
    def broken(self) -> dict[str, int]:
        """Addresses that a link led to and that did not answer well."""
        return {path: status for path, status in self.statuses.items() if status not in (200, 302, 303)}


def crawl(client: Client, start: str, *, limit: int = 300) -> Crawled:
    """Visits `start` and whatever its links lead to, within its language. Fails when the database has changed."""
    language = start.strip("/").split("/")[0]
    before = state()
    crawled, waiting = Crawled(), [start]
    while waiting and len(crawled.statuses) < limit:
        path = waiting.pop(0)
        if path in crawled.statuses:
            continue
        response = client.get(path)
        crawled.statuses[path] = response.status_code
        if response.status_code in (301, 302, 303, 307):
            waiting.append(_path(urljoin(path, response.headers["Location"])))
            continue
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            continue
        if foreign := foreign_texts(response.content, language):
            crawled.foreign[path] = foreign
        waiting += _links(response.content, path, language)
    after = state()
    assert after == before, f"a GET changed: {[name for name in after if after[name] != before.get(name)]}"
    return crawled


def state() -> dict[str, str]:
    """A digest of every table."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in _VISITS:
                cursor.execute(f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "{table}" t')
                found[table] = str(cursor.fetchone())
    return found


def _links(content: bytes, here: str, language: str) -> list[str]:
    found = []
    for link in html.fromstring(content).iterfind(".//a[@href]"):
        target = urlsplit(urljoin(f"http://testserver{here}", link.get("href", "")))
        if target.netloc == "testserver" and re.match(rf"/{language}/", target.path):
            found.append(_path(target.geturl()))
    return found


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
