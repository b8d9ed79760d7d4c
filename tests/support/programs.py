"""Services that others wrote, each a program beside ours on loopback: started, signed in to, looked at, stopped."""

from __future__ import annotations

import grp
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.support.second_step import code_now, set_up
from tests.support.world import PASSWORD, World

from hwb.web.policy import WITH_SECOND_STEP, Role

PARTIES = Path(__file__).parent.parent / "acceptance/relying_parties"
#: Linux gives outgoing connections ports from 32768 on: below, none of a browser's takes one that was just free.
_PORTS = range(20_000, 32_000)
#: Seconds that a program may take to its first answer, with other tests on the same processors.
_PATIENCE = 60


def free_port() -> int:
    """Of loopback, for a program that is to listen there in a moment."""
    while True:
        port = random.SystemRandom().choice(_PORTS)  # the tests' own seed is the same in every process
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def install(name: str, place: Path) -> Path:
    """A service for Node.js with its libraries, as its lock file says, from the package registry or npm's cache."""
    shutil.copytree(PARTIES / name, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(npm, cwd=place, check=True, capture_output=True, timeout=120)
    return place


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, within: Path | None = None, **settings: str
) -> Iterator[str]:
    """The program, which listens on loopback's port, from its first answer to the end of the block; gives its address.

    settings: of its environment. log: what it says, shown when it ends before it answers.
    """
    surroundings = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "no_proxy": "*", "PORT": str(port)}
    with log.open("w") as said:
        process = subprocess.Popen(
            command, cwd=within, env=surroundings | settings, stdin=subprocess.PIPE, stdout=said,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_for(process, port, log)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


@contextmanager
def apache(module: str, *, port: int, place: Path, **gaps: str) -> Iterator[str]:
    """Debian's Apache with one more module, its configuration in relying_parties/MODULE; gives its address.

    place: a folder of its own, whose `site` is shown. gaps: in the configuration, beside those that all have.
    """
    program = Path(shutil.which("apache2") or "/missing").resolve()
    modules = program.parent.parent / "lib/apache2/modules"
    if not (modules / f"{module}.so").exists():
        pytest.fail(f"{module} is not installed beside apache2: see .ci/run")
    user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    www = ("www-data", "www-data") if user.pw_uid == 0 else (user.pw_name, group.gr_name)
    configuration = (PARTIES / module / "apache.conf").read_text().split("\n", 1)[1]
    filled = configuration.format(place=place, port=port, modules=modules, user=www[0], group=www[1], **gaps)
    (place / "apache.conf").write_text(filled)
    _let_others_read(place)
    command = [str(program), "-f", str(place / "apache.conf"), "-DFOREGROUND", "-E", "/dev/stderr"]
    with running(command, port=port, log=place / "log") as address:
        yield address


def _let_others_read(place: Path) -> None:
    """Apache reads as somebody else when the tests run as root."""
    shared = Path(tempfile.gettempdir()).resolve()
    for above in (place, *place.parents):
        if above == shared:
            break
        above.chmod(above.stat().st_mode | 0o055)


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while not _answers(port):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            if time.monotonic() < until:
                continue
        pytest.fail(f"{process.args!r} does not answer, {process.poll()}: {log.read_text()}")


def _answers(port: int) -> bool:
    """Whatever it answers: with that it has read its settings and serves."""
    asked = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        asked.request("GET", "/")
        asked.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()
    return True


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
