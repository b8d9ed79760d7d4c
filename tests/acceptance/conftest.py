"""Pages in a real browser: Debian's chromium, driven by Playwright, against a server on the test database.

    @pytest.mark.system("chromium")
    def test_home(world, look):
        page = look.as_(Role.CHAMPION)
        look.visit(page, f"/{look.language}/school/{SCHOOL}/")

`look` comes eight times: English and Welsh, 1280 and 390 px wide, with and without JavaScript (four of them in
`make test`, the others in `make test-slow`). `visit` fails on
anything that axe reports, on a word of the other language, on sideways scrolling and on whatever the browser refuses.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from tests.support.axe import violations
from tests.support.languages import foreign_texts
from tests.support.world import World, build, session_of

from hwb.web.policy import Role

# Playwright keeps an event loop in this thread, and Django would refuse its database there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = (1280, 390)
#: Every language with every width, with and without script. Two, in which each of these is met, are enough for every day.
_EVERY_DAY = frozenset({("en", 1280, True), ("cy", 390, False)})
VIEWS = [
    pytest.param(
        (language, width, script),
        id=f"{language}-{width}-{'script' if script else 'plain'}",
        marks=() if (language, width, script) in _EVERY_DAY else pytest.mark.slow,
    )
    for language, width, script in product(("en", "cy"), WIDTHS, (True, False))
]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Our server, middleware and all, on a free port; its requests use the test's database."""
    # The browser keeps its connections open, and with them threads: none may keep the test's database.
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    httpd = ThreadedWSGIServer(("localhost", 0), _QuietHandler)
    httpd.set_app(get_wsgi_application())
    # Every page's code is loaded at the first address that is looked up: for seconds where others use the processors,
    # and mod_auth_openidc, whose request might be the first, waits for five.
    reverse("start")
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def world(transactional_db: None) -> World:
    """Two schools, and an account for each role (tests/support/world.py)."""
    return build()


@dataclass
class Look:
    """One way to look at pages: a language, a width, with or without JavaScript."""

    browser: Browser
    server: str
    world: World
    language: str
    width: int
    script: bool
    contexts: list[BrowserContext] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def picture(self, page: Page, name: str) -> None:
        """For whoever wants to see: kept in the folder of HWB_TEST_PICTURES."""
        if (folder := os.environ.get("HWB_TEST_PICTURES")) and self.script:
            page.screenshot(path=f"{folder}/{name}-{self.language}-{self.width}.png", full_page=True)

    def as_(self, role: Role | None = None, *, fresh: bool = True) -> Page:
        """A new window, signed in as the role or as nobody."""
        context = self.browser.new_context(
            base_url=self.server, viewport={"width": self.width, "height": 900}, locale=self.language, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(10_000)
        if not self.script:
            # Pages have no script in their text (CSP), so without this file there is none; axe still has its own.
            context.route("**/*.js", lambda route: route.abort())
        self.contexts.append(context)
        if role is not None:
            key = session_of(self.world.accounts[role].id, fresh=fresh)
            context.add_cookies([{"name": "sessionid", "value": key, "url": self.server}])
        page = context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.refused.append(str(error)))
        return page

    def visit(self, page: Page, path: str, *, status: int = 200) -> None:
        """Goes there and checks what is shown."""
        response = page.goto(path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}"
        self.check(page)

    def check(self, page: Page) -> None:
        """What holds of every page and state; for those that a button led to."""
        page.wait_for_load_state("load")  # its styles too
        where = page.url.removeprefix(self.server)
        assert page.locator("html").get_attribute("lang") == self.language, where
        assert not (found := foreign_texts(page.content(), self.language)), f"{where}: {found}"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{where} scrolls sideways"
        assert not page.locator("main [hidden]:visible").count(), f"{where} shows what it says is hidden"
        assert not (found := violations(page)), f"{where}: {found}"
        assert not self.refused, f"{where}: {self.refused}"

    def _note(self, message: ConsoleMessage) -> None:
        # A page that is meant to be refused (404) is told to the console as well.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.refused.append(message.text)


@pytest.fixture(params=VIEWS)
def look(request: pytest.FixtureRequest, browser: Browser, server: str, world: World) -> Iterator[Look]:
    language, width, script = request.param
    look = Look(browser, server, world, language, width, script)
    yield look
    for context in look.contexts:
        context.close()


@pytest.fixture
def visitor(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Page]:
    """A window of somebody on the way to a service that others wrote; in Welsh where the module says LANGUAGE = "cy"."""
    context = browser.new_context(base_url=server, locale=getattr(request.module, "LANGUAGE", "en"))
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
