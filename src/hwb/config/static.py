"""Style sheets and pictures under names that hold their digest, so that browsers may keep them for a year.

No collecting step: the few files of the package are read once, when the server starts.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from whitenoise.middleware import WhiteNoiseMiddleware


@cache
def digest_name(name: str) -> str:
    """ "hwb.css" as "hwb.1f0c3a9b2d4e.css". Raises ValueError for a file that is not there."""
    found = finders.find(name)
    if not found:
        raise ValueError(name)
    digest = hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:12]
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{digest}.{suffix}"


class DigestStorage(StaticFilesStorage):
    """Gives the addresses that `{% static %}` writes."""

    def url(self, name: str | None) -> str:
        return super().url(digest_name((name or "")[:]))  # the slice of a template's SafeString is a plain text


class DigestMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves each file under its own name and, for a year, under the one with its digest."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache)
        if url.startswith(self.static_prefix):
            lasting = digest_name(url.removeprefix(self.static_prefix))
            super().add_file_to_dictionary(f"{self.static_prefix}{lasting}", path, stat_cache)
