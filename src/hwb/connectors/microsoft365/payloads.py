"""A wish in Graph's words. `proxyAddresses` is never written: further aliases are an operator's task."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from hwb.connectors.microsoft365.graph import Options, Request
from hwb.lifecycle.service_accounts import ServiceAccount, Waiting

#: What is asked of a user, and compared.
FIELDS = (
    "id,userPrincipalName,mail,displayName,givenName,surname,accountEnabled,usageLocation,onPremisesImmutableId,"
    "assignedLicenses"
)


def user(remote: str) -> Request:
    return Request("GET", f"/users/{quote(remote, safe='@')}?$select={FIELDS}")


def user_known_as(identifier: str) -> Request:
    """By the federated identifier, which alone ties an object to a person."""
    asked = quote(f"onPremisesImmutableId eq '{identifier}'")
    return Request("GET", f"/users?$filter={asked}&$select={FIELDS}")


def restoring(remote: str) -> Request:
    return Request("POST", f"/directory/deletedItems/{remote}/restore")


def making(waiting: Waiting, wish: ServiceAccount, options: Options) -> Request:
    """A new object. Its password is Graph's due and nobody's: signing in is by Hwb (the domain is federated)."""
    body = {
        **properties(wish, options), "mailNickname": wish.address.partition("@")[0],
        "onPremisesImmutableId": waiting.identifier,
        "passwordProfile": {"forceChangePasswordNextSignIn": False, "password": f"{secrets.token_urlsafe(32)}aA1!"},
    }  # fmt: skip
    return Request("POST", "/users", body)


def properties(wish: ServiceAccount, options: Options) -> dict[str, Any]:
    """What an object must say. Graph takes no empty given name: the whole name stands for it."""
    return {
        "accountEnabled": wish.enabled, "displayName": wish.name, "givenName": wish.forename or wish.name,
        "surname": wish.surname or wish.name, "userPrincipalName": wish.address, "mail": wish.address,
        "usageLocation": options.usage_location,
    }  # fmt: skip


def differing(found: Mapping[str, Any], wish: ServiceAccount, options: Options) -> dict[str, Any]:
    """What of an object must be changed; addresses are the same in capitals and small letters."""
    addresses = ("userPrincipalName", "mail")
    return {
        name: value
        for name, value in properties(wish, options).items()
        if found.get(name) != value
        and not (name in addresses and str(found.get(name) or "").casefold() == str(value).casefold())
    }


def changing(remote: str, values: Mapping[str, Any]) -> Request:
    return Request("PATCH", f"/users/{remote}", values)


def shutting_out(remote: str) -> Request:
    """Ends refresh tokens and sessions (R40)."""
    return Request("POST", f"/users/{remote}/revokeSignInSessions")


def licensing(remote: str, add: list[str], remove: list[str]) -> Request:
    body = {"addLicenses": [{"skuId": sku, "disabledPlans": []} for sku in add], "removeLicenses": remove}
    return Request("POST", f"/users/{remote}/assignLicense", body)


def groups_of(remote: str) -> Request:
    """Whole: what may be selected here are the properties of any object, and a group's name is not among them."""
    return Request("GET", f"/users/{remote}/memberOf?$top=999")


def joining(group: str, remote: str, options: Options) -> Request:
    return Request("POST", f"/groups/{group}/members/$ref", {"@odata.id": f"{options.graph}/directoryObjects/{remote}"})


def leaving(group: str, remote: str) -> Request:
    return Request("DELETE", f"/groups/{group}/members/{remote}/$ref")


def group_named(key: str) -> Request:
    asked = quote(f"mailNickname eq '{key}'")
    return Request("GET", f"/groups?$filter={asked}&$select=id,mailNickname")


def making_group(key: str, title: str) -> Request:
    """A security group: it opens files and teams, and has no mailbox of its own."""
    body = {
        "displayName": title[:256], "mailNickname": key, "mailEnabled": False, "securityEnabled": True,
        "groupTypes": [],
    }  # fmt: skip
    return Request("POST", "/groups", body)
