"""A request of a SAML service, read and checked before anything of it is believed."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote_plus, urlencode, urlsplit

from django.http import QueryDict
from lxml import etree

from hwb.directory.queries import services
from hwb.directory.queries.services import SamlSide, ServiceRow
from hwb.operations import saml_descriptions, saml_signatures
from hwb.operations.saml_descriptions import POST, Description, NotADescription
from hwb.operations.saml_messages import issuer_name

P, A = "{urn:oasis:names:tc:SAML:2.0:protocol}", "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = saml_descriptions.DS
#: A request may wait for its person to sign in, but no longer; and clocks differ a little.
LONGEST, SLACK = timedelta(hours=1), timedelta(minutes=3)
_LONGEST_MESSAGE = 64 * 1024
_LONGEST_STATE = 2000
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{7,199}")
_PARAMETERS = ("SAMLRequest", "RelayState", "SigAlg", "Signature")


class Unbelievable(Exception):
    """Nothing is answered to the service: the request is not one of a service that is known, or is not whole."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request whose service is known and whose signature, where there is one or must be one, is good."""

    service: ServiceRow
    side: SamlSide
    description: Description
    root: etree._Element
    signed: bool

    @property
    def id(self) -> str:
        return str(self.root.get("ID"))


@dataclass(frozen=True, slots=True)
class Asked:
    """An authentication request. classes: of ways to prove oneself that the service takes; empty for any."""

    message: Message
    consumer: str
    relay_state: str
    force: bool
    passive: bool
    format: str
    classes: tuple[str, ...]
    comparison: str

    @property
    def origin(self) -> str:
        """Of the address that the response goes to, for the content policy."""
        parts = urlsplit(self.consumer)
        return f"{parts.scheme}://{parts.netloc}"


def read_sign_in(query: str, *, address: str, at: datetime) -> Asked:
    """The authentication request in the query of an address. Raises Unbelievable."""
    message, state = _message(query, "AuthnRequest", address=address, at=at)
    root = message.root
    if message.description.signs and not message.signed:
        raise Unbelievable("the service signs its requests; this one is not signed")
    policy = root.find(f"{P}NameIDPolicy")
    context = root.find(f"{P}RequestedAuthnContext")
    classes = () if context is None else tuple(
        (each.text or "").strip() for each in context.findall(f"{A}AuthnContextClassRef")
    )  # fmt: skip
    if root.get("ProtocolBinding", POST) != POST:
        raise Unbelievable("responses go by HTTP-POST")
    return Asked(
        message, _consumer(message), state, _is_true(root, "ForceAuthn"), _is_true(root, "IsPassive"),
        "" if policy is None else str(policy.get("Format") or ""), classes,
        "exact" if context is None else str(context.get("Comparison") or "exact"),
    )  # fmt: skip


def read_log_out(query: str, *, address: str, at: datetime) -> tuple[Message, str]:
    """A log-out request, which is signed always, and its relay state. Raises Unbelievable."""
    message, state = _message(query, "LogoutRequest", address=address, at=at)
    if not message.signed:
        raise Unbelievable("a log-out request is signed")
    ends = message.root.get("NotOnOrAfter")
    if ends and _moment(ends) + SLACK <= at:
        raise Unbelievable("the request has expired")
    return message, state


def as_query(sent: QueryDict) -> str:
    """A message that came by HTTP-POST as the query of our page, its own signature within it."""
    try:
        xml = base64.b64decode("".join(sent.get("SAMLRequest", "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unbelievable("not base64") from None
    if len(xml) > _LONGEST_MESSAGE:
        raise Unbelievable("too long")
    packed = zlib.compressobj(wbits=-15)
    query = {"SAMLRequest": base64.b64encode(packed.compress(xml) + packed.flush()).decode()}
    if state := sent.get("RelayState"):
        query["RelayState"] = state
    return urlencode(query)


def _message(query: str, name: str, *, address: str, at: datetime) -> tuple[Message, str]:
    given, raw = _parameters(query)
    xml = _unpacked(given.get("SAMLRequest", ""))
    try:
        root = saml_descriptions.parse(xml)
    except NotADescription:
        raise Unbelievable("not a plain XML document") from None
    if any(not isinstance(each.tag, str) for each in root.iter()):
        raise Unbelievable("a comment or an instruction, which would cut a name in two")
    issuer = root.find(f"{A}Issuer")
    service = None if issuer is None else services.of_client((issuer.text or "").strip())
    if root.tag != P + name or service is None or service.protocol != "saml":
        raise Unbelievable("not of a service that is registered")
    side = services.saml_side(service.service)
    message = Message(
        service, side, saml_descriptions.read(side.metadata), root,
        signed="Signature" in given or next(root.iter(f"{DS}Signature"), None) is not None,
    )  # fmt: skip
    _check_signature(message, xml, given, raw)
    _check_frame(root, address, at)
    if len(given.get("RelayState", "")) > _LONGEST_STATE:
        raise Unbelievable("the relay state is too long")
    return message, given.get("RelayState", "")


def _parameters(query: str) -> tuple[dict[str, str], dict[str, str]]:
    """Each once, decoded and as it came. What is not of the binding is no concern of ours."""
    raw: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in _PARAMETERS:
            if name in raw:
                raise Unbelievable("a parameter is given twice")
            raw[name] = value
    decoded = {name: unquote_plus(value) for name, value in raw.items()}
    return decoded, raw


def _unpacked(text: str) -> bytes:
    """Inflated as far as is allowed and no further."""
    try:
        packed = base64.b64decode(text, validate=True)
        inflate = zlib.decompressobj(wbits=-15)
        xml = inflate.decompress(packed, _LONGEST_MESSAGE)
    except (binascii.Error, ValueError, zlib.error):
        raise Unbelievable("not a deflated message") from None
    if not inflate.eof or inflate.unused_data:
        raise Unbelievable("the message is too long or not whole")
    return xml


def _check_signature(message: Message, xml: bytes, given: dict[str, str], raw: dict[str, str]) -> None:
    certificates = message.description.certificates
    try:
        if "Signature" in given:
            octets = "&".join(f"{name}={raw[name]}" for name in _PARAMETERS[:3] if name in raw)
            saml_signatures.check_query(
                octets, algorithm=given.get("SigAlg", ""), signature=given["Signature"], certificates=certificates
            )
        if next(message.root.iter(f"{DS}Signature"), None) is not None:
            saml_signatures.check_message(xml, message.root, certificates=certificates)
    except saml_signatures.NotSigned:
        raise Unbelievable("the signature is not good") from None


def _check_frame(root: etree._Element, address: str, at: datetime) -> None:
    """Version, id, destination, and the real clock."""
    if root.get("Version") != "2.0" or not _ID.fullmatch(str(root.get("ID") or "")):
        raise Unbelievable("not a message of SAML 2.0 with an id")
    if root.get("Destination") not in (None, "", address):
        raise Unbelievable("meant for another address")
    issued = _moment(str(root.get("IssueInstant") or ""))
    if not at - LONGEST <= issued <= at + SLACK:
        raise Unbelievable("issued too long ago, or not yet")
    conditions = root.find(f"{A}Conditions")
    if conditions is None:
        return
    begins, ends = conditions.get("NotBefore"), conditions.get("NotOnOrAfter")
    if (begins and _moment(begins) > at + SLACK) or (ends and _moment(ends) + SLACK <= at):
        raise Unbelievable("its conditions do not hold now")
    for audience in conditions.iter(f"{A}Audience"):
        if (audience.text or "").strip() not in (issuer_name(), _issuer_of(root)):
            raise Unbelievable("meant for another audience")


def _issuer_of(root: etree._Element) -> str:
    issuer = root.find(f"{A}Issuer")
    return "" if issuer is None else (issuer.text or "").strip()


def _consumer(message: Message) -> str:
    """The address that the response goes to: of the metadata, whole, as a text."""
    consumers = message.description.consumers
    address, index = message.root.get("AssertionConsumerServiceURL"), message.root.get("AssertionConsumerServiceIndex")
    if address is not None and index is not None:
        raise Unbelievable("an address and an index")
    if address is None and index is None:
        return consumers[0][1]
    for number, known in consumers:
        if address == known or (index is not None and index == number):
            return known
    raise Unbelievable("the address is not in the metadata")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unbelievable("not a moment") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_true(root: etree._Element, name: str) -> bool:
    return root.get(name) in ("true", "1")
