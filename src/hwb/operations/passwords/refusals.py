"""Why a password is not made, shown or taken, in words for whoever asked."""

from __future__ import annotations

from collections.abc import Mapping

from hwb.extract.texts import N_, Text
from hwb.lifecycle.passwords import LONGEST, SHORTEST, PasswordState, Weakness


class PasswordRefused(Exception):
    """Nothing was done; `code` is stable and `text` says why and what to do."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


_WEAKNESSES: Mapping[Weakness, Text] = {
    Weakness.SHORT: Text(N_("Use {least} characters or more. Three words are easy to remember."), {"least": SHORTEST}),
    Weakness.LONG: Text(N_("Use {most} characters at the most."), {"most": LONGEST}),
    Weakness.COMMON: Text(N_("Many people use this password, or it is easy to guess. Choose another one.")),
    Weakness.PERSONAL: Text(N_("The password must not contain the person's name or username.")),
}
_STATES: Mapping[PasswordState, Text] = {
    PasswordState.CHOSEN: Text(N_("The person has chosen this password, so nobody else can see it.")),
    PasswordState.NOT_HELD_HERE: Text(
        N_("This password cannot be shown here. It still works; make a new one if needed.")
    ),
    PasswordState.NONE: Text(N_("This account has no password yet. Make one first.")),
}
_OTHERS: Mapping[str, Text] = {
    "not_this_school": Text(N_("This account is not the school's.")),
    "guest": Text(N_("This learner is a guest here. The main school looks after the password.")),
    "role_beyond": Text(
        N_("This person has a role beyond the school, so the school cannot make a password for them. Ask support.")
    ),
    "shown_before": Text(N_("A new password is shown once, to whoever made it.")),
    "unreadable": Text(N_("This password can no longer be read. Make a new one.")),
    "wrong_old": Text(N_("The present password is not right.")),
    "may_not_choose": Text(N_("The school makes passwords for this year group.")),
    "same": Text(N_("This is the present password. Choose another one.")),
    "inactive": Text(N_("This account is not active.")),
    "changed_meanwhile": Text(N_("The password was changed in the meantime. Sign in again.")),
}


def refused(code: str) -> PasswordRefused:
    """The refusal of that code."""
    return PasswordRefused(code, _OTHERS[code])


def not_showable(state: PasswordState) -> PasswordRefused:
    """A password whose state is not "can be shown"; the code is the state's name, in small letters."""
    return PasswordRefused(state.name.lower(), _STATES[state])


def too_weak(weakness: Weakness) -> PasswordRefused:
    """A password that somebody wants and that breaks a rule; the code is the rule's."""
    return PasswordRefused(str(weakness), _WEAKNESSES[weakness])
