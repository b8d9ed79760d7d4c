"""Why something cannot be done to a case of consolidation."""

from __future__ import annotations

from hwb.extract.texts import N_, Text

_TEXTS = {
    "unknown": N_("There is no such request."),
    "not_now": N_("The request has moved on meanwhile. Look at it again."),
    "not_you": N_("Somebody else decides about this request."),
    "oneself": N_("Nobody decides about their own accounts."),
    "not_taken": N_("Take the case first. Only the agent who has it may do that."),
    "second_agent": N_("A second agent has to look at this case before the accounts are joined."),
    "same_agent": N_("Another agent than the one who sent it on has to look."),
    "same_recorder": N_("Another agent than the one who recorded the e-mail has to telephone."),
    "not_ready": N_("Not everything agrees yet. See what is missing or differs."),
    "no_proof": N_("The authorisation does not count before it is proved."),
    "no_address": N_("The register of schools has no e-mail address for this school, so no link can be sent."),
    "link_used": N_("This link cannot be used. Ask Hwb Support for a new one."),
    "too_late": N_("A consolidation can be undone for 14 days."),
    "suspended": N_("Support has suspended the account. End the suspension before the joining is undone."),
    "joined_on": N_("The account was joined into another one since. Undo that first."),
    "not_staff": N_("Only a member of staff's account can be moved."),
    "item": N_("This cannot be recorded by an agent."),
    "unknown_school": N_("No school has this number. It has 7 digits."),
    "same_school": N_("The previous and the new school are the same."),
    "unreadable": N_("The second step or password cannot be read with the keys that are set. Nothing was changed."),
}


class ConsolidationRefused(Exception):
    """It cannot be done; `text` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code, self.text = code, Text(_TEXTS[code])
