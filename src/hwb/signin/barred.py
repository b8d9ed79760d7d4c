"""What the sign-in page says of a password that was wrong or not tried: the same whoever has the name, or nobody."""

from __future__ import annotations

from hwb.lifecycle.attempts import Bar
from hwb.operations.attempts import Verdict
from hwb.signin.forms import WRONG
from hwb.web.words import N_, Text, time_of_day

_SAID = {
    Bar.PAUSE: N_("Too many wrong tries. Wait a minute, then try again"),
    Bar.LOCK: N_(
        "Too many wrong tries. Wait until {time}, or ask your teacher to help. Staff: ask your Digital Champion"
    ),
    Bar.CLOSED: N_("Too many wrong tries. Ask your teacher for a new password. Staff: ask your Digital Champion"),
}


def said(verdict: Verdict) -> Text:
    """The one sentence. Of guessing that is slowed down nothing is told."""
    if verdict.bar is None or verdict.bar is Bar.SLOWED:
        return Text(WRONG)
    return Text(_SAID[verdict.bar], {"time": time_of_day(verdict.until)} if verdict.until else {})
