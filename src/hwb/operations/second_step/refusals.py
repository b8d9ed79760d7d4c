"""Why a second step is not taken, in words for whoever tried."""

from __future__ import annotations

from datetime import datetime

from hwb.extract.texts import N_, Text


class StepRefused(Exception):
    """Nothing was done; `code` is stable, `text` says why. until: no further code is looked at before (real clock)."""

    def __init__(self, code: str, *, until: datetime | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = Text(_TEXTS[code])
        self.until = until


_TEXTS = {
    "wrong": N_("That code is not right or is too old. Wait for the next one."),
    "wait": N_("Too many wrong codes. Wait a while, then try again."),
    "passkey": N_("This passkey was not accepted. Try again, or use a code."),
    "have_app": N_("You have an app already. Remove it first."),
    "known_passkey": N_("This passkey is there already."),
    "last": N_("This is your only second step, and your role needs one. Add another one first."),
    "oneself": N_("Nobody can take away their own. Ask somebody else to do it."),
    "not_yours": N_("Nobody whom you may help has this username."),
    "has_none": N_("This account has no second step."),
    "waits_already": N_("This is waiting for a second person already."),
    "second_person": N_("A second person must confirm it: somebody else than who asked, and not the person concerned."),
    "gone": N_("This second step is no longer there."),
}
