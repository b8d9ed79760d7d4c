"""`hwb demo`: the real client, server and worker live through a July and a September."""

from __future__ import annotations

import html
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from tests.support.second_step import code_now

from hwb.demo.stage import DemoFailed, must

SCHOOL, SERVICES = "school/6719001/", "services/"
RULES = ("R3", "R4", "R5", "R6", "R7", "R8", "R9", "R11", "R20", "R21", "R22", "R31", "R32", "R34", "R39")
ENGLISH = (
    "held: 37 people missing", "The school withdraws the run.", "Undone: 5 names are as they were.",
    "28 learners wait for their previous school", "27 accounts went to the new school", "hwb verify --deep finds nothing",
    "1 run is held.", "2 records are refused.", "1 learner is missing.", "1 learner waits.",
)  # fmt: skip
WELSH = (
    "wedi'i ddal: 37 person ar goll", "Mae'r ysgol yn tynnu'r rhediad yn ôl.", "mae 5 enw fel yr oeddent",
    "Mae 28 dysgwr yn aros", "Aeth 27 cyfrif i'r ysgol newydd", "Nid yw hwb verify --deep yn canfod dim",
    "Mae 1 rhediad wedi'i ddal.", "Gwrthodwyd 2 gofnod.", "Mae 1 dysgwr ar goll.", "Mae 1 dysgwr yn aros.",
)  # fmt: skip


SIGN_INS = {
    "en": (
        ("Digital Champion", SCHOOL), ("Class teacher", f"{SCHOOL}my-classes/"), ("Headteacher", SCHOOL),
        ("MIS administrator", SCHOOL), ("Client manager", "area/"), ("Local authority officer", "area/"), ("Platform operator", "area/"),
        ("Support agent", "support/search/"), ("Learner in Year 9", SERVICES), ("Staff member", SERVICES),
    ),
    "cy": (
        ("Hyrwyddwr Digidol", SCHOOL), ("Athro neu athrawes ddosbarth", f"{SCHOOL}my-classes/"), ("Pennaeth", SCHOOL),
        ("Gweinyddwr MIS", SCHOOL), ("Rheolwr cleientiaid", "area/"), ("Swyddog awdurdod lleol", "area/"),
        ("Gweithredwr y platfform", "area/"), ("Asiant cymorth", "support/search/"), ("Dysgwr ym Mlwyddyn 9", SERVICES), ("Aelod o staff", SERVICES),
    ),
}  # fmt: skip


#: Where a learner's move is seen, and whose it was.
MOVED = re.compile(r": (http://localhost:\d+/)  .*: (http://localhost:\d+/all/)  .*: (.+)$", re.MULTILINE)


class Demo:
    """`hwb demo --serve`, told until it serves."""

    def __init__(self, home: Path, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {**os.environ, "HWB_HOME": str(home)}
        environment.pop("HWB_NOW", None)
        self.address = f"http://localhost:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hwb.cli.main", "demo", "--serve", "--port", str(port), *options],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.told = ""

    def hear(self) -> None:
        """Reads what is told until it serves, or ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.told += line
            if self.address in line:
                return

    def hear_on(self, word: str) -> str:
        """Reads on to a line with the word, or the end; all that was told."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.told += line
            if word in line:
                break
        return self.told

    def end(self) -> int:
        """Stops it, as a supervisor does; the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        self.told += self._process.communicate(timeout=180)[0]
        return self._process.returncode


def first_page(address: str, language: str, username: str, password: str) -> str:
    """Signs in as anybody does, with a second step where the role needs one: where that leads."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    pages = f"{address}/{language}/"

    def send(path: str, **fields: str) -> str:
        token = re.search(
            r'name="csrfmiddlewaretoken" value="([^"]+)"', opener.open(pages + path, timeout=30).read().decode()
        )
        assert token is not None
        sent = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with opener.open(urllib.request.Request(pages + path, sent, {"Referer": pages}), timeout=30) as answer:
            return str(answer.url.removeprefix(pages))

    led_to = send("sign-in/", username=username, password=password)
    if not led_to.startswith("account/second-step/"):
        return led_to
    setting_up = opener.open(f"{pages}account/second-step/app/", timeout=30).read().decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', setting_up)
    assert secret is not None
    send("account/second-step/app/", code=code_now(secret[1].replace(" ", "")))
    with opener.open(pages, timeout=30) as answer:
        return str(answer.url.removeprefix(pages))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "language", "told"), [(1, "en", ENGLISH), (7, "cy", WELSH)])
def test_the_story(fresh_home: Path, seed: int, language: str, told: tuple[str, ...]) -> None:
    """From MIS files to every account, each step asserted; then each printed sign-in leads to its role's first page."""
    demo = Demo(fresh_home, "--seed", str(seed), "--lang", language)
    try:
        demo.hear()
        for sentence in told:
            assert sentence in demo.told
        assert set(RULES) <= set(re.findall(r"R\d+", demo.told))
        for role, page in SIGN_INS[language]:
            printed = re.search(rf"^  {role} {{2,}}.* {{2,}}(\S+) {{2,}}(\S+)$", demo.told, re.MULTILINE)
            assert printed is not None, role
            username, password = printed.groups()
            led_to = first_page(demo.address, language, username, password)
            assert led_to == page, (role, led_to)
        assert {"en": "a learner moves", "cy": "mae dysgwr yn symud"}[language] in demo.hear_on("/all/")
        mail, work, name = MOVED.search(demo.told).groups()  # type: ignore[union-attr]
        for place in (mail, work):
            with urllib.request.urlopen(f"{place}", timeout=30) as answer:
                assert name.strip() in html.unescape(answer.read().decode()), place
    finally:
        code = demo.end()
    assert code == 0, demo.told
    again = Demo(fresh_home, "--lang", language)
    again.hear()
    assert again.end() == 1, "a second story would be told among the people of the first"
    assert "HWB_HOME" in again.told


def test_a_step_that_goes_wrong_ends_the_story() -> None:
    """A step's assertion names the rule that does not hold, and what was seen instead."""
    must(True, "R4")
    with pytest.raises(DemoFailed) as failed:
        must([], "R4", "6719001", "inactive")
    assert failed.value.text.values == {"rule": "R4", "seen": "6719001, inactive"}
