"""Walks through the portal as somebody new to it would: only by links and forms that are on the page before them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from django.test import Client
from lxml import html


@dataclass
class Walk:
    """Begins at `start`; `pages` counts the pages opened after it, however many redirects lie between."""

    client: Client
    start: str
    pages: int = 0
    here: str = ""
    content: bytes = b""
    tree: html.HtmlElement = field(default_factory=lambda: html.Element("html"))

    def __post_init__(self) -> None:
        self._open(self.client.get(self.start, follow=True), self.start)

    @property
    def text(self) -> str:
        """What the page says, without its mark-up; every white space is one blank."""
        main = self.tree.get_element_by_id("main")
        return " ".join(main.text_content().split())

    def follow(self, said: str) -> Walk:
        """A link that says this (a part is enough)."""
        links = [link for link in self.tree.iterfind(".//a[@href]") if said in _text(link)]
        assert links, f"no link says {said!r} on {self.here}"
        return self._go(self.client.get(urljoin(self.here, links[0].get("href", "")), follow=True))

    def send(self, button: str, **typed: str) -> Walk:
        """The form of the button that says this, with what is typed into its boxes; hidden fields go with it."""
        for form in self.tree.iterfind(".//form"):
            buttons = [one for one in form.iterfind(".//button") if _text(one) == button]
            if buttons and all(name in form.fields for name in typed):
                values = dict(form.form_values()) | typed
                name = buttons[0].get("name")
                if name:
                    values[name] = buttons[0].get("value", "")
                address = urljoin(self.here, form.get("action") or self.here)
                ask = self.client.post if form.method == "POST" else self.client.get
                return self._go(ask(address, values, follow=True))
        raise AssertionError(f"no form with {button!r} and {sorted(typed)} on {self.here}")

    def _go(self, answer: object) -> Walk:
        self.pages += 1
        return self._open(answer, self.here)

    def _open(self, answer: object, before: str) -> Walk:
        assert answer.status_code == 200, (answer.status_code, self.here)  # type: ignore[attr-defined]
        request = answer.request  # type: ignore[attr-defined]
        query = f"?{request['QUERY_STRING']}" if request.get("QUERY_STRING") else ""
        self.here = urlsplit(urljoin(before, request["PATH_INFO"])).path + query
        self.content = answer.content  # type: ignore[attr-defined]
        self.tree = html.fromstring(self.content)
        return self


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())
