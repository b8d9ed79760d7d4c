"""Services that others wrote, each a program beside ours: started, signed in to with a browser, and looked at."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, World

from hwb.web.policy import WITH_SECOND_STEP, Role

PARTIES = Path(__file__).parent.parent / "acceptance/relying_parties"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def install(name: str, place: Path) -> Path:
    """A service for Node.js with its libraries, as its lock file says, from the package registry or npm's cache."""
    shutil.copytree(PARTIES / name, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(npm, cwd=place, check=True, capture_output=True, timeout=120)
    return place


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], *, log: Path, within: Path | None = None
) -> Iterator[None]:
    """The program from when it says "ready" to the end of the block. log: what else it says, shown when it does not."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=within, env=dict(environment), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first == "ready\n", first + log.read_text()
            yield
        finally:
            process.terminate()
            process.communicate(timeout=10)


def shown(page: Page, address: str = "") -> Any:
    """What a service shows as JSON, now or at an address."""
    if address:
        page.goto(address)
    return json.loads(page.locator("body").inner_text())


def sign_in(page: Page, world: World, role: Role) -> None:
    """From Hwb's sign-in page, at which the browser is or arrives, to wherever that leads; with a second step."""
    page.wait_for_url("**/sign-in/?next=**")
    secret = set_up(world.accounts[role].id)[0] if role in WITH_SECOND_STEP else ""
    give_password(page, world, role)
    if secret:
        page.fill("[name=code_again]", code_now(secret))
        page.click("#form > button")


def give_password(page: Page, world: World, role: Role) -> None:
    page.fill("[name=username]", world.accounts[role].username)
    page.fill("[name=password]", PASSWORD)
    page.click("#form > button")


def check_refused(page: Page, world: World, role: Role) -> None:
    """Whoever is inactive is asked to sign in, and gets no further with the right password (A5)."""
    page.wait_for_url("**/sign-in/?next=**")
    give_password(page, world, role)
    page.wait_for_load_state()
    assert "/sign-in/" in page.url, page.url
    assert page.locator("[name=password]").count() == 0, "it is the page of a wrong password"
