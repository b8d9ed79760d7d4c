"""`make pictures`: four pages of the portal as the demo leaves them, in English and Welsh, for README.

Needs Debian's chromium. Plays the demo in a home of its own on a free port, and signs in with what it prints.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
SCHOOL = "6719001"
LANGUAGES = ("en", "cy")
LARGEST = 150_000  # bytes of one picture
WIDTH, LEAST, MOST = 1200, 500, 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What the demo printed: where it serves, the Champion's sign-in, a UPN whose record is refused."""

    address: str
    username: str
    password: str
    upn: str


@contextmanager
def demo() -> Iterator[Told]:
    """The demo, told and serving; ended afterwards. Raises SystemExit with what it printed when it fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "hwb.cli.main", "demo", "--serve", "--lang", "en", "--port", port]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    address, text = f"http://localhost:{port}", ""
    try:
        for line in running.stdout or ():
            text += line
            if address in line:
                break
        champion = re.search(r"^  Digital Champion {2,}.* {2,}(\S+) {2,}(\S+)$", text, re.MULTILINE)
        meant = re.search(r"\b([A-Z][0-9]{12})\?", text)  # "Was this meant: …?"
        if champion is None or meant is None:
            raise SystemExit(f"the demo did not come to its end:\n{text}")
        yield Told(address, champion[1], champion[2], meant[1])
    finally:
        running.terminate()
        running.communicate()


def visit(page: Page, name: str, told: Told, language: str) -> None:
    """Goes to the page of this name."""
    school = f"{told.address}/{language}/school/{SCHOOL}/"
    if name == "explanation":
        page.goto(f"{school}find-learner/")
        page.fill("#id_asked", told.upn)
        page.click("button[name=what][value=one]")
    else:
        page.goto(school + {"school-home": "", "provisioning": "provisioning/", "learners": "learners/?year=9"}[name])


def take(page: Page, path: Path) -> None:
    """The page from its top, no longer than fits README. Raises SystemExit when the file is too large."""
    tall = page.evaluate("document.documentElement.scrollHeight")
    height = max(LEAST, min(MOST, int(tall)))
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST:,} bytes")
    print(f"{path.relative_to(ROOT)} ({path.stat().st_size:,} bytes)", flush=True)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with demo() as told, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for language in LANGUAGES:
            page = browser.new_page(viewport={"width": WIDTH, "height": LEAST}, reduced_motion="reduce")
            page.goto(f"{told.address}/{language}/sign-in/")
            page.fill("#id_username", told.username)
            page.fill("#id_password", told.password)
            page.click("#form button:not([type])")
            for name in ("school-home", "provisioning", "explanation", "learners"):
                visit(page, name, told, language)
                take(page, FOLDER / f"{name}-{language}.png")
        browser.close()


if __name__ == "__main__":
    main()
