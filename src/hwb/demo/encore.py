"""After the story, while it serves: a learner moves, and mail, files and work are seen to follow."""

from __future__ import annotations

import time
from datetime import date

from hwb.demo import people
from hwb.demo.authority import DDOL, HEOL
from hwb.demo.followers import Followers
from hwb.demo.stage import YEAR, Stage, must
from hwb.directory.queries import connectors
from hwb.extract.records import LearnerRecord
from hwb.extract.texts import N_

_LOOKS = 0.5  # seconds between two looks at what waits


def mover(stage: Stage) -> LearnerRecord:
    """Who will move, from Ysgol y Ddôl to Heol Primary."""
    return stage.school(DDOL).in_year("5")[0]


def tell(stage: Stage, following: Followers) -> None:
    """R4, R41: the same mailbox, a new space, and the work of the earlier school stays there. Raises DemoFailed."""
    if not _have_everybody(stage):
        return
    record = mover(stage)
    before = stage.account(record.upn)
    old, new = stage.school(DDOL), stage.school(HEOL)
    stage.tell.heading(stage.day(9, 11), N_("a learner moves, and the services follow."))
    old.change(record.upn, leaving_date=date(YEAR, 9, 10))
    people.admit(new, record, "5", year=YEAR, chance=stage.chance)
    for school in (old, new):
        stage.send(school)
    after = stage.account(record.upn)
    must((after.id, after.holder, after.state) == (before.id, HEOL, "active"), "R4", after.holder, after.state)
    if _have_everybody(stage):
        places = {"mail": f"{following.tenant.address}/", "work": f"{following.work.address}/all/"}
        told = N_("The same mailbox: {mail}  A new space, and the earlier one shut: {work}  Account: {name}")
        stage.tell.say(told, **places, name=after.display_name)


def _have_everybody(stage: Stage) -> bool:
    """Waits until nothing waits for a service any more; False when the server has ended before."""
    while stage.is_serving():
        if not any(row.waiting for row in connectors.find()):
            return True
        time.sleep(_LOOKS)
    return False
