"""What a kind of service has to be able to do, so that its workers need not know which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from hwb.lifecycle.service_accounts import Group, Outcome, ServiceAccount, Waiting


class Seen(Protocol):
    """A part of what stands at the service, for the nightly comparison."""

    @property
    def remotes(self) -> frozenset[str]:
        """The service's ids of objects of which anything is told."""

    @property
    def between(self) -> tuple[str, str | None] | None:
        """Where the part is everything from after one id to another (None: to the end), both; else None. Whoever must
        be in it and is not is gone."""

    @property
    def group_ids(self) -> frozenset[str]:
        """Groups of which anything is told."""

    @property
    def lost_groups(self) -> frozenset[str]:
        """Groups that are gone."""

    def differs(
        self, remote: str, wish: ServiceAccount | None, due: frozenset[str], ours: frozenset[str]
    ) -> bool:  # fmt: skip
        """Whether an object is otherwise than it must be. due: groups that it must be in; ours: all told of."""


class Service(Protocol):
    """One service. Every step raises ServiceAway and ServiceBusy. Not for several threads at once."""

    #: Whether it keeps groups of people.
    has_groups: bool

    def check(self) -> None:
        """Whether it takes our orders. Nothing is changed."""

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        """The service's ids of groups, by key, into ``found``; ``missing`` has their titles."""

    def carry(
        self, waiting: Sequence[Waiting], groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        """Carries accounts over and hands outcomes to ``settle`` as they come; what is left the caller puts back."""

    def compare(self, links: dict[str, str]) -> Iterator[Seen]:
        """What stands there, part by part; ``links``: where the next comparison goes on."""
