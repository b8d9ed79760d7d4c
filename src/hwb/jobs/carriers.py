"""A connector's kind as its workers use it: how accounts are carried to the service, and how the two are compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

import httpx2

from hwb.connectors import just2easy, microsoft365, scim, secrets
from hwb.connectors.service import Service
from hwb.directory.queries.connectors import Working
from hwb.lifecycle.service_accounts import Group, Outcome
from hwb.operations import carrying, comparing
from hwb.operations.carrying import Leased

#: Seconds for groups that are asked for one by one, in a transaction that the database ends after a minute of silence.
#: Whoever must be in one that is left out is refused (no_group), comes again soon, and so do the groups.
MAKING_GROUPS = 30.0


class Carrier(Protocol):
    """What a worker needs of a kind of service. All raise ServiceAway and ServiceBusy."""

    #: Whether the service keeps groups of people.
    has_groups: bool

    def check(self) -> None:
        """Whether the service takes our orders; nothing is changed."""

    def carry(
        self, leased: Leased, groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        """Carries over what is leased."""

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        """Puts the ids of groups into ``found``."""

    def compare(self) -> int:
        """Has what differs carried over again; returns how many accounts."""


def of(connector: Working, http: httpx2.Client) -> Carrier:
    """The carrier of the connector's kind; `http`: how the service is reached."""
    return _Scim(connector, http) if connector.kind == "scim" else _Told(connector, http)


class _Told:
    """Services that tell, part by part, what has changed there (hwb.connectors.service)."""

    def __init__(self, connector: Working, http: httpx2.Client) -> None:
        self._connector, self._links = connector.connector, connector.links
        self._service = _service(connector, http)
        self.has_groups = self._service.has_groups

    def check(self) -> None:
        self._service.check()

    def carry(
        self, leased: Leased, groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        self._service.carry(leased.waiting, groups, in_time=in_time, settle=settle)

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        self._service.find_or_make(missing, found)

    def compare(self) -> int:
        links, drifted = dict(self._links), 0
        for seen in self._service.compare(links):
            drifted += comparing.remake(connector=self._connector, lost=seen.lost_groups)
            drifted += comparing.mend(
                connector=self._connector, remotes=seen.remotes, between=seen.between, groups=seen.group_ids,
                differs=seen.differs,
            )  # fmt: skip
        return comparing.finish(connector=self._connector, drifted=drifted, links=links, at=datetime.now(UTC))


def _service(connector: Working, http: httpx2.Client) -> Service:
    def secret() -> str:
        return secrets.read(connector.name)

    if connector.kind == "just2easy":
        told = just2easy.Options(**connector.options)
        return just2easy.Spaces(just2easy.Adapter(told, secret=secret, http=http))
    options = microsoft365.Options(**connector.options)
    return microsoft365.Tenant(microsoft365.Graph(options, secret=secret, http=http))


class _Scim:
    has_groups = True

    def __init__(self, connector: Working, http: httpx2.Client) -> None:
        self._connector, self._scopes = connector.connector, frozenset(connector.scopes)
        self._service = scim.Service(
            scim.Options(**connector.options), secret=lambda: secrets.read(connector.name), http=http
        )

    def check(self) -> None:
        self._service.check()

    def carry(
        self, leased: Leased, groups: Mapping[Group, str], *, in_time: Callable[[], bool],
        settle: Callable[[list[Outcome]], object],
    ) -> None:  # fmt: skip
        scim.carry(
            self._service, leased.waiting, groups, scopes=self._scopes, known=self._group_ids, in_time=in_time,
            settle=settle,
        )  # fmt: skip

    def find_or_make(self, missing: Mapping[str, str], found: dict[str, str]) -> None:
        began = time.monotonic()
        scim.find_or_make(
            self._service, missing, found, in_time=lambda: time.monotonic() - began < MAKING_GROUPS
        )  # fmt: skip

    def compare(self) -> int:
        """Users first, then groups: who is missing there, who is otherwise, and who is in which group."""
        teller, seen, drifted = scim.Teller(self._scopes, self._service.extensions), set[str](), 0
        for page in scim.each_user(self._service):
            seen.update(page)
            drifted += comparing.mend(
                connector=self._connector, remotes=page.keys(), groups=(),
                differs=scim.differs(page, teller, self._identifier()),
            )  # fmt: skip
        drifted += comparing.mark_lost(connector=self._connector, seen=seen)
        if ours := comparing.known_groups(connector=self._connector):
            drifted += self._compare_groups(ours)
        return comparing.finish(connector=self._connector, drifted=drifted, links={}, at=datetime.now(UTC))

    def _compare_groups(self, ours: frozenset[str]) -> int:
        drifted, there = 0, set[str]()
        for page in scim.each_group(self._service):
            for remote in ours & page.keys():
                there.add(remote)
                drifted += comparing.regroup(connector=self._connector, remote=remote, members=page[remote])
        return drifted + comparing.remake(connector=self._connector, lost=ours - there)

    def _group_ids(self, keys: frozenset[str]) -> Mapping[str, str]:
        return carrying.group_ids(connector=self._connector, keys=keys)

    def _identifier(self) -> Callable[[str], str]:
        identify = carrying.identifier_of(connector=self._connector)
        return lambda account: identify(UUID(account))
