"""An authorization request, read and checked before anything of it is believed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.http import QueryDict

from hwb.directory.queries import services
from hwb.directory.queries.services import ServiceRow

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # S256 gives 43 characters
_PRINTABLE = re.compile(r"[\x20-\x7e]{0,1000}")
_LONGEST_AGE = 10**9
#: What a reader of the address could learn of a person does not travel on.
_NOT_KEPT = frozenset({"login_hint"})


class UnknownService(Exception):
    """Nobody may be led anywhere: the service or its address is not known."""


class Refused(Exception):
    """The request is wrong; its service is told so at its address. code: of RFC 6749 or OpenID Connect."""

    def __init__(self, code: str, description: str, asked: Asked | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.asked = asked


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose service and redirect address are right. max_age: None where nothing was said."""

    service: ServiceRow
    redirect_uri: str
    state: str
    nonce: str
    scopes: tuple[str, ...]
    challenge: str
    prompt: frozenset[str]
    max_age: int | None
    id_token_hint: str
    query: QueryDict

    @property
    def origin(self) -> str:
        """Of the redirect address, for the content policy."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    def address(self, **parameters: str) -> str:
        """The redirect address with these parameters and the state, beside those that it has."""
        told = {**parameters, **({"state": self.state} if self.state else {})}
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{joint}{urlencode(told)}"

    def again(self) -> str:
        """The query for after a sign-in."""
        query = self.query.copy()
        for name in _NOT_KEPT & set(query):
            del query[name]
        return query.urlencode()

    @property
    def digest(self) -> str:
        """What tells this request from others."""
        return hashlib.sha256(self.again().encode()).hexdigest()


def read(query: QueryDict) -> Asked:
    """The request. Raises UnknownService, or Refused for what the service may be told."""
    if any(len(query.getlist(name)) > 1 for name in ("client_id", "redirect_uri")):
        raise UnknownService
    service = services.of_client(query.get("client_id", ""))
    redirect_uri = query.get("redirect_uri", "")
    # Compared whole, as a text: no prefix, no port, no query is anybody's to add.
    if service is None or service.protocol != "oidc" or redirect_uri not in service.redirect_uris:
        raise UnknownService
    state, nonce = query.get("state", ""), query.get("nonce", "")
    prompt = frozenset(query.get("prompt", "").split())
    age = query.get("max_age", "")
    asked = Asked(
        service, redirect_uri, state if _PRINTABLE.fullmatch(state) else "", nonce,
        tuple(scope for scope in service.scopes if scope in query.get("scope", "").split()),
        query.get("code_challenge", ""), prompt, int(age) if age.isdecimal() and int(age) < _LONGEST_AGE else None,
        query.get("id_token_hint", ""), query,
    )  # fmt: skip
    for wrong, code, description in (
        (any(len(values) > 1 for _, values in query.lists()), "invalid_request", "A parameter is given twice."),
        ("request" in query, "request_not_supported", "Request objects are not supported."),
        ("request_uri" in query, "request_uri_not_supported", "Request objects are not supported."),
        (query.get("response_type") != "code", "unsupported_response_type", "The response type is code."),
        (query.get("response_mode", "query") != "query", "invalid_request", "The response mode is query."),
        (not _PRINTABLE.fullmatch(state), "invalid_request", "The state is too long or not printable."),
        (not _PRINTABLE.fullmatch(nonce), "invalid_request", "The nonce is too long or not printable."),
        ("openid" not in asked.scopes, "invalid_scope", "The scope openid is missing."),
        (query.get("code_challenge_method") != "S256", "invalid_request", "PKCE with S256 is required."),
        (not _CHALLENGE.fullmatch(asked.challenge), "invalid_request", "The code challenge is not one of S256."),
        ("none" in prompt and len(prompt) > 1, "invalid_request", "The prompt none stands alone."),
        (bool(age) and asked.max_age is None, "invalid_request", "The max_age is not a number."),
    ):
        if wrong:
            raise Refused(code, description, asked)
    return asked
