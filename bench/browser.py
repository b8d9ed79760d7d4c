"""A browser that signs in over HTTP: the form with its token, a cookie jar of its own, nothing else."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_FORM = "application/x-www-form-urlencoded"
#: As a school's own computers call themselves.
_AGENT = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
_PAGE = "/en/sign-in/"


@dataclass(slots=True)
class Answer:
    """What came back: status, where it leads, the body."""

    status: int
    to: str
    body: bytes


@dataclass(slots=True)
class Browser:
    """One visit: a connection, and a jar that starts with `cookies` (a device's), to be closed by :meth:`leave`."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    _connection: http.client.HTTPConnection | None = None

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        """GET, or POST of a form."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        headers = {"User-Agent": _AGENT, "Accept-Language": "en-GB"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if form is not None:
            body, headers["Content-Type"] = urlencode(form), _FORM
        self._connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        for text in answer.headers.get_all("Set-Cookie", ()):
            name, _, value = text.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value
        return Answer(answer.status, answer.headers.get("Location", ""), content)

    def sign_in(self, username: str, password: str, page: str = _PAGE) -> Answer:
        """The page, and the form sent; a right password leads on (302)."""
        found = _TOKEN.search(self.ask(page).body)
        if found is None:
            raise SystemExit(f"{page} of the bench has no form")
        form = {"csrfmiddlewaretoken": found[1].decode(), "username": username, "password": password}
        return self.ask(page, form)

    def device(self) -> dict[str, str]:
        """What the device keeps when the browser is closed: the cookie by which it knows accounts."""
        return {name: value for name, value in self.cookies.items() if name in ("device", "language")}

    def leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
