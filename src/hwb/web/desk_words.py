"""What all pages about the desk's cases say alike: kinds, states, and what happened to one."""

from __future__ import annotations

from hwb.lifecycle.desk import Kind, State
from hwb.web.words import N_

KINDS = {
    Kind.LEARNER: N_("Learner cannot be found"),
    Kind.ACCOUNT: N_("Wrong or duplicate account"),
    Kind.CLIENT: N_("Client problem"),
    Kind.QUESTION: N_("Question"),
    Kind.SAFETY: N_("Safety concern"),
    Kind.MATCHING: N_("Matching"),
    Kind.CALL: N_("Call to the desk"),
}
MOVE, WORK = N_("Account move"), N_("Earlier Just2easy work")
#: As the desk says it.
STATES = {
    State.NEW: N_("New"),
    State.READY: N_("Ready to do"),
    State.WAITING: N_("Waiting for requester"),
    State.DONE: N_("Done"),
    State.UNCHANGED: N_("Closed without change"),
    State.WITHDRAWN: N_("Withdrawn"),
}
#: Whose turn it is, as the school that asked reads it.
WAITING_FOR = {
    State.NEW: N_("Hwb Support"), State.READY: N_("Hwb Support"), State.WAITING: N_("You"), State.DONE: N_("Nobody"),
    State.UNCHANGED: N_("Nobody"), State.WITHDRAWN: N_("Nobody"),
}  # fmt: skip
EVENTS = {
    "opened": N_("Opened"),
    "taken": N_("Taken by an agent"),
    "asked back": N_("Hwb Support needs something"),
    "replied": N_("Answered by the school"),
    "withdrawn": N_("Withdrawn"),
    "explained": N_("Explained, no change"),
    "done": N_("Done"),
    "suspended": N_("The account was suspended"),
    "suspension ended": N_("The suspension was ended"),
    "unlocked": N_("Signing in was unlocked"),
    "found: same": N_("Found: the same person"),
    "found: different": N_("Found: different people"),
    "found: ask": N_("The school was asked"),
    "taken back": N_("The finding was taken back"),
}
LANGUAGES = {"en": N_("English"), "cy": N_("Welsh")}
