"""What a learner's settlement needs beside the learner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hwb.lifecycle.facts import WaitCause
from hwb.lifecycle.policy import Policy
from hwb.lifecycle.rules import Rule


@dataclass(frozen=True, slots=True)
class Context:
    """What a settlement needs beside the learner.

    ``actor_school`` is the school whose plan this is. ``brought``: the run being undone gave the account to that
    school. ``closing`` is a school that closes (R43). ``give_back``: the school that has the account again, or now,
    whether it claims or not, for the reason ``giving`` (rule, code): a claim from it was withdrawn, it takes back that
    its missing learner left (R32), or it follows a closed one (R43). ``waits_before``: what the run being undone found
    in place of the waits that it changed, None where it found none.
    """

    on: date
    policy: Policy
    actor_school: str
    brought: bool = False
    closing: str = ""
    give_back: str = ""
    giving: tuple[str, str] = (Rule.UNDO, "given_back")
    waits_before: Mapping[str, WaitCause | None] = field(default_factory=dict)
