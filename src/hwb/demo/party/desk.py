"""Who is signed in at the service: kept in this program, so that Hwb can end it from outside."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody. sid: Hwb's name of this one sign-in. told: of the person; proof: of how they signed in."""

    sub: str
    sid: str
    id_token: str = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)
    proof: Mapping[str, Any] = field(repr=False)


class Desk:
    """The browser keeps a key; who it stands for is here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._people: dict[str, SignedIn] = {}

    def take(self, person: SignedIn) -> str:
        """The key for somebody new."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._people[key] = person
        return key

    def find(self, key: str) -> SignedIn | None:
        with self._lock:
            return self._people.get(key)

    def leave(self, key: str) -> SignedIn | None:
        """Ends one; who it was."""
        with self._lock:
            return self._people.pop(key, None)

    def end(self, *, sub: str, sid: str) -> int:
        """Ends the sign-in `sid`, or with an empty one all of `sub`; how many there were."""
        with self._lock:
            ended = [key for key, person in self._people.items() if person.sub == sub and sid in ("", person.sid)]
            for key in ended:
                del self._people[key]
        return len(ended)
