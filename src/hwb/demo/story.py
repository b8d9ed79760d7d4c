"""`hwb demo`: a July and a September of an invented authority, sent by the real client over HTTP."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from django.db import connection

from hwb import embedded
from hwb.demo import encore, followers, july, people, relying_party, september, sign_ins
from hwb.demo.followers import Followers
from hwb.demo.relying_party import RelyingParty
from hwb.demo.stage import YEAR, DemoFailed, Stage, must
from hwb.demo.telling import Teller
from hwb.directory.queries import runs
from hwb.extract.texts import N_, Language, ngettext
from hwb.operations import verification


def tell_story(*, seed: int, port: int, language: Language, serve: bool) -> None:
    """The demo in a home of its own, unless HWB_HOME names one; with `serve` until it is stopped. Raises DemoFailed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped like that too, it leaves nothing running
    with tempfile.TemporaryDirectory(prefix="hwb-demo-") as folder:
        place = Path(folder)
        place.chmod(0o711)  # the embedded database runs as another user when we are root
        own_home = not os.environ.get("HWB_HOME")
        if own_home:
            os.environ["HWB_HOME"] = str(place / "home")
        stage = Stage(place, port=port, seed=seed, tell=Teller(language))
        started = time.monotonic()
        beside: list[RelyingParty | Followers] = []
        try:
            if serve:
                followers.prepare()
            stage.day(7, 6)
            people.populate(stage.schools, year=YEAR, chance=stage.chance)
            stage.open()
            _tell(stage, started)
            if serve:
                signing_in = relying_party.start(stage, beside=port)
                beside.append(signing_in)
                following = followers.start(stage, beside=port)
                beside.append(following)
                stage.tell.say(N_("A service of its own, in which to try signing in with these: {address}"),
                               address=signing_in.address)  # fmt: skip
                stage.tell.say(N_("Mail and files follow the accounts, in a stand-in for Microsoft 365: {address}"),
                               address=following.tenant.address)  # fmt: skip
                stage.tell.say(N_("Work by school follows them too, in a stand-in for Just2easy: {address}"),
                               address=following.work.address)  # fmt: skip
                stage.tell.say(N_("Look at it: {address}  (stop with Ctrl-C)"), address=stage.address)
                _play_encore(stage, following)
                stage.serve()
        except KeyboardInterrupt:
            pass
        finally:
            connection.close()
            for each in beside:
                each.end()
            stage.close()
            if own_home:
                embedded.remove(embedded.home())


def _play_encore(stage: Stage, following: Followers) -> None:
    """People look around already, and may have changed what it stands on: it must not end what they look at."""
    try:
        encore.tell(stage, following)
    except DemoFailed as failed:
        stage.tell.line(failed.text)


def _tell(stage: Stage, started: float) -> None:
    july.tell(stage)
    september.tell(stage)
    made = sign_ins.prepare(stage)
    childs_teacher, child = sign_ins.prepare_child(stage)
    _verify(stage)
    _sum_up(stage)
    stage.tell.line(ngettext("The story took {count} second.", "The story took {count} seconds.",
                             round(time.monotonic() - started)), indent=0)  # fmt: skip
    print()
    sign_ins.tell(stage, [*made, childs_teacher])
    sign_ins.tell_child(stage, child)


def _verify(stage: Stage) -> None:
    found = verification.verify(on=stage.today, deep=True)
    must(not found.breaches, "hwb verify", found.breaches)
    stage.tell.say(N_("hwb verify --deep finds nothing broken. Checked: {invariants}"),
                   invariants=", ".join(found.invariants))  # fmt: skip


def _sum_up(stage: Stage) -> None:
    """Figures at the end, and what is left for people to do."""
    everyone = Counter(account.state for account in stage.everyone().values())
    newest = {run.school: run for run in reversed(runs.find()) if run.state in ("applied", "no change")}
    held = [run for run in runs.find() if run.state == "held"]
    refused = sum(run.refused for run in newest.values())
    missing = sum(run.counts["missing"] for run in newest.values())
    must((len(held), refused, missing) == (1, 2, 1), "R36", len(held), refused, missing)
    stage.tell.line(ngettext("{count} account is active.", "{count} accounts are active.", everyone["active"]))
    stage.tell.line(ngettext("{count} account is inactive.", "{count} accounts are inactive.", everyone["inactive"]))
    stage.tell.line(ngettext("{count} run is held.", "{count} runs are held.", len(held)))
    stage.tell.line(ngettext("{count} record is refused.", "{count} records are refused.", refused))
    stage.tell.line(ngettext("{count} learner is missing.", "{count} learners are missing.", missing))
    stage.tell.line(ngettext("{count} learner waits.", "{count} learners wait.", len(stage.waits())))
