"""Why something cannot be done at the desk."""

from __future__ import annotations

from hwb.extract.texts import N_, Text

_TEXTS = {
    "unknown": N_("There is no such case."),
    "not_now": N_("The case has moved on meanwhile. Look at it again."),
    "not_taken": N_("Take the case first. Only the agent who has it may do that."),
    "oneself": N_("Nobody works on a case about their own account, or on one that they asked for themselves."),
    "no_account": N_("This case is about nobody with an account."),
    "not_asked": N_("Nobody is known who could be answered. Close the case instead."),
    "unknown_school": N_("No school has this number. It has 7 digits."),
    "never_there": N_("The person was never at this school. Ask again for its number; that it was tried is recorded."),
    "not_own": N_("No account of this school has this username: {username}"),
    "contradicts": N_("The records still contradict each other. Compare them, and record what you find."),
    "text_needed": N_("A text of up to 2,000 characters is needed."),
    "personal": N_("Leave UPNs out of the text."),
    "not_at_school": N_("Whoever asks has no role at this school, so nobody can be answered there: {username}"),
}
#: Refusals that somebody's wrong hand causes, and that are therefore in the audit log (issue 7).
RECORDED = frozenset({"not_taken", "oneself"})


class DeskRefused(Exception):
    """It cannot be done; `text` says why."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code, self.text = code, Text(_TEXTS[code], values)
