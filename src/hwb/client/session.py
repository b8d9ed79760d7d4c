"""Talking to the server: proof by our own key, one token for many requests, tries with growing pauses."""

from __future__ import annotations

import ipaddress
import os
import random
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2

from hwb.client import keys
from hwb.client.faults import NotEnrolled, NotReached, Refused, WrongUse
from hwb.client.home import KEY, Home
from hwb.client.limits import LONGEST_PAUSE, Limits
from hwb.extract.texts import N_, Language, Text

API = "/api/provisioning/v1"
#: Damage on the way: the same again may well arrive whole.
_DAMAGED = frozenset({"cut_off", "digest_differs"})
_EARLY = 30  # seconds before a token's end in which it is not used any more


def is_loopback(host: str | None) -> bool:
    """Whether a host is this computer itself, where http is accepted."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def clean_address(server: str) -> str:
    """The server's address without a path's end. Raises WrongUse unless it is https, or http on this computer."""
    try:
        parts = urlsplit(server.strip())
        usable = bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
        )
    except ValueError:
        usable = False
    if not usable:
        raise WrongUse(Text(N_("The server's address must begin with https: {server}"), {"server": server}))
    return server.strip().rstrip("/")


def make_http(server: str, limits: Limits) -> httpx2.Client:
    """Certificates are always checked; proxies of the environment are used, but not for this computer itself."""
    own = os.environ.get("HWB_CLIENT_CA_FILE")
    try:
        verify = ssl.create_default_context(cafile=own) if own else True
    except OSError:
        raise WrongUse(Text(N_("This file of certificates cannot be read: {path}"), {"path": own or ""})) from None
    return httpx2.Client(
        timeout=limits.timeout, trust_env=not is_loopback(urlsplit(server).hostname), verify=verify,
        follow_redirects=False, headers={"User-Agent": f"hwb-client/{keys.version()}"},
    )  # fmt: skip


@dataclass(slots=True)
class Session:
    """One client's conversation with its server."""

    home: Home
    language: Language
    limits: Limits
    _token: str = ""
    _token_ends: float = 0.0
    _http: httpx2.Client | None = field(default=None, repr=False)
    _server: str = ""

    def enrol(self, server: str, code: str) -> dict[str, Any]:
        """Makes a key pair and gives its public half for the code. Raises Refused, NotReached, WrongUse.

        What an earlier enrolment left stays until the new one has succeeded.
        """
        self._server = clean_address(server)
        pem, public = keys.new_pair()
        self.home.write(f"new-{KEY}", pem)
        try:
            body = {"code": code.strip(), "public_key": public, "version": keys.version()}
            answer = self._send("POST", "/enrolments", json=body)
            (self.home.folder / f"new-{KEY}").replace(self.home.folder / KEY)
        finally:
            (self.home.folder / f"new-{KEY}").unlink(missing_ok=True)
        kept = {name: answer.get(name) for name in ("client", "schools", "expires")}
        self.home.remember({**self.home.settings(), "server": self._server, **kept})
        return answer

    def get(self, path: str) -> dict[str, Any]:
        return self.ask("GET", path)

    def ask(
        self, method: str, path: str, *, content: Callable[[], Iterator[bytes]] | None = None, **request: Any
    ) -> dict[str, Any]:
        """An authorised request. Raises Refused, NotReached, NotEnrolled.

        ``content`` makes the body anew for each try.
        """
        had_token = bool(self._usable_token())
        try:
            return self._send(method, path, content=content, bearer=self._authorise(), **request)
        except Refused as refused:
            if refused.status != 401 or not had_token:
                raise
        self._token = ""  # ended sooner than was said: once more with a new one
        return self._send(method, path, content=content, bearer=self._authorise(), **request)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def _usable_token(self) -> str:
        return self._token if time.monotonic() < self._token_ends else ""

    def _authorise(self) -> str:
        if self._usable_token():
            return self._token
        settings, pem = self.home.settings(), self.home.private_key()
        if not settings.get("client") or pem is None:
            raise NotEnrolled
        self._server = clean_address(str(settings["server"]))

        def form() -> dict[str, str]:  # a proof counts once, so each try has its own
            return keys.prove(pem, client=settings["client"], audience=f"{self._server}{API}/token")

        answer = self._send("POST", "/token", form=form)
        self._token = str(answer["access_token"])
        self._token_ends = time.monotonic() + int(answer.get("expires_in", 0)) - _EARLY
        return self._token

    def _send(
        self, method: str, path: str, *, content: Callable[[], Iterator[bytes]] | None = None,
        form: Callable[[], dict[str, str]] | None = None, bearer: str = "", **request: Any,
    ) -> dict[str, Any]:  # fmt: skip
        self._http = self._http or make_http(self._server, self.limits)
        headers = {"Accept-Language": self.language, **request.pop("headers", {})}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        for attempt in range(1, self.limits.tries + 1):
            last = attempt == self.limits.tries
            answer = None
            with suppress(httpx2.TransportError):
                answer = self._http.request(
                    method, f"{self._server}{API}{path}", headers=headers,
                    content=content() if content else None, data=form() if form else None, **request,
                )  # fmt: skip
            if answer is not None and (found := self._understand(answer, last=last)) is not None:
                return found
            if not last:
                time.sleep(self._pause(attempt, answer))
        raise NotReached(self._server)

    def _pause(self, attempt: int, answer: httpx2.Response | None) -> float:
        """Twice as long each time, with jitter so that 1,460 schools do not come back together."""
        pause = self.limits.pause * 2.0 ** (attempt - 1) * random.uniform(0.7, 1.3)  # noqa: S311 - no secret
        asked = answer.headers.get("Retry-After", "") if answer is not None else ""
        if asked.isdigit() and self.limits.pause:
            pause = max(pause, float(asked))
        return min(pause, LONGEST_PAUSE)

    def _understand(self, answer: httpx2.Response, *, last: bool) -> dict[str, Any] | None:
        """The answer's content; None when it should be tried again. Raises Refused."""
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            return None  # a proxy's page, a half answer: not Hwb
        if answer.is_success:
            return content
        code = str(content.get("code", ""))
        if answer.status_code >= 500 or answer.status_code in (408, 429) or not code:
            return None
        if code in _DAMAGED and not last:
            return None
        text = str(content.get("message_cy" if self.language == "cy" else "message", ""))
        raise Refused(answer.status_code, code, text, ahead=_ahead(answer) if code == "clock_wrong" else None)


def _ahead(answer: httpx2.Response) -> int | None:
    """Seconds by which our clock is ahead of the server's, by the date of its answer."""
    try:
        return round(time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp())
    except (KeyError, ValueError):
        return None
