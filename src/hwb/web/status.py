"""Words for states, each always in the same colour (ux.md 3.2). Red is for problems only."""

from __future__ import annotations

from hwb.web.words import N_

#: kind → state → (word, colour of its tag; "" is plain text, "none" a tag without colour).
WORDS: dict[str, dict[str, tuple[str, str]]] = {
    "account": {"active": (N_("Active"), "none"), "inactive": (N_("Inactive"), "grey")},
    "run": {
        "applied": (N_("Completed"), ""),
        "no change": (N_("Completed, no change"), ""),
        "applied with refusals": (N_("Completed with refusals"), "yellow"),
        "held": (N_("Held for review"), "blue"),
        "failed": (N_("Failed"), "red"),
        "refused": (N_("Failed: refused"), "red"),
        "previewed": (N_("Preview"), "grey"),
        "received": (N_("In progress"), "turquoise"),
        "withdrawn": (N_("Withdrawn"), "grey"),
        "replaced": (N_("Replaced by a newer run"), "grey"),
        "undone": (N_("Undone"), "grey"),
    },
    "freshness": {
        "up to date": (N_("Up to date"), ""),
        "getting old": (N_("Getting old"), "yellow"),
        "overdue": (N_("Overdue"), "red"),
        "never run": (N_("Never run"), "red"),
    },
    "readiness": {
        "ready": (N_("Ready"), ""),
        "action needed": (N_("Action needed"), "yellow"),
        "not heard from": (N_("Not heard from"), "red"),
    },
    "connector": {
        "working": (N_("Working"), ""),
        "paused": (N_("Paused"), "grey"),
        "away": (N_("Cannot be reached"), "red"),
    },
    "password": {
        "visible": (N_("Can be shown"), ""),
        "set by user": (N_("Set by the learner"), ""),
        "not held here": (N_("Not held here"), ""),
        "none": (N_("None yet"), ""),
    },
}
