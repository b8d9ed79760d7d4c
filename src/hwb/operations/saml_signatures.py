"""XML signatures by xmlsec1, through pysaml2: made with the key that signs now, checked with a service's certificates.

Nothing but RSA with SHA-2 is made or believed. A signature counts only when it is the message's own: its one child of
that kind, over the whole of it, in a document where no id occurs twice (signature wrapping).
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from saml2 import class_name
from saml2.sigver import CryptoBackendXmlSec1, SecurityContext, SigverError, pre_signature_part

from hwb.operations.saml_descriptions import DS
from hwb.operations.signing_keys import Key

RSA_SHA256, SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}
_DIGESTS = frozenset({
    SHA256, "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512",
})  # fmt: skip
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_TRANSFORMS = frozenset(
    {"http://www.w3.org/2000/09/xmldsig#enveloped-signature", _EXCLUSIVE, f"{_EXCLUSIVE}WithComments"}
)
_CERTIFICATE_LASTS = timedelta(days=20 * 365)


class NotSigned(Exception):
    """The signature is missing, not the message's own, of a weak kind, or not of this service."""


def program() -> str:
    """Where xmlsec1 is; empty when it is missing: then SAML is off (interfaces.md)."""
    return shutil.which("xmlsec1") or ""


@lru_cache(maxsize=1)
def _context(xmlsec1: str) -> Any:
    return SecurityContext(CryptoBackendXmlSec1(xmlsec1))


@lru_cache(maxsize=8)
def certificate(key: Key) -> str:
    """The certificate, base64 DER, in which services learn the key; always the same one of a key."""
    private = _private(key)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Hwb {key.kid[:12]}")])
    began = key.created_at.replace(microsecond=0)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(key.kid.encode()).digest()[:16], "big") >> 1)
        .not_valid_before(began).not_valid_after(began + _CERTIFICATE_LASTS)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def sign(message: Any, *parts: Any, key: Key) -> str:
    """The message (of pysaml2) as text with each of its parts signed, the innermost first."""
    for part in parts:
        part.signature = pre_signature_part(
            part.id, public_key=certificate(key), digest_alg=SHA256, sign_alg=RSA_SHA256
        )
    text = str(message)
    with _file(key.pem) as file:
        for part in parts:
            text = _context(program()).sign_statement(text, class_name(part), key_file=file, node_id=part.id)
    return text


def sign_query(parameters: dict[str, str], *, key: Key) -> str:
    """A query with its signature beside the message (HTTP-Redirect binding)."""
    query = urlencode({**parameters, "SigAlg": RSA_SHA256})
    signature = _private(key).sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"


def check_query(query: str, *, algorithm: str, signature: str, certificates: tuple[str, ...]) -> None:
    """`query`: the octets that were signed, as they came. Raises NotSigned."""
    digest = _HASHES.get(algorithm)
    if digest is None:
        raise NotSigned
    try:
        given = base64.b64decode(signature, validate=True)
    except ValueError:
        raise NotSigned from None
    for each in certificates:
        public = x509.load_der_x509_certificate(base64.b64decode(each)).public_key()
        if not isinstance(public, rsa.RSAPublicKey):
            continue
        try:
            public.verify(given, query.encode(), padding.PKCS1v15(), digest)
        except InvalidSignature:
            continue
        return
    raise NotSigned


def check_message(xml: bytes, root: etree._Element, *, certificates: tuple[str, ...]) -> None:
    """Whether the document's own root is signed by one of the certificates. Raises NotSigned."""
    _check_shape(root)
    name = root.tag[1:].replace("}", ":")
    for each in certificates:
        pem = "\n".join(["-----BEGIN CERTIFICATE-----", *textwrap.wrap(each, 64), "-----END CERTIFICATE-----", ""])
        with _file(pem) as file, suppress(SigverError):
            if _context(program()).verify_signature(
                xml, cert_file=file, cert_type="pem", node_name=name, node_id=root.get("ID")
            ):
                return
    raise NotSigned


def _check_shape(root: etree._Element) -> None:
    signatures = list(root.iter(f"{DS}Signature"))
    ids = [
        value for each in root.iter() for name, value in each.attrib.items()
        if etree.QName(name).localname.lower() == "id"
    ]  # fmt: skip
    if len(signatures) != 1 or signatures[0].getparent() is not root or len(set(ids)) != len(ids):
        raise NotSigned
    signature = signatures[0]
    references = list(signature.iter(f"{DS}Reference"))
    if len(references) != 1 or references[0].get("URI") != f"#{root.get('ID')}" or list(signature.iter(f"{DS}Object")):
        raise NotSigned
    said = {
        name: [str(each.get("Algorithm")) for each in signature.iter(f"{DS}{name}")]
        for name in ("SignatureMethod", "DigestMethod", "CanonicalizationMethod", "Transform")
    }
    for name, allowed in (
        ("SignatureMethod", _HASHES.keys()), ("DigestMethod", _DIGESTS),
        ("CanonicalizationMethod", _TRANSFORMS), ("Transform", _TRANSFORMS),
    ):  # fmt: skip
        if not said[name] or not set(said[name]) <= set(allowed):
            raise NotSigned


@contextmanager
def _file(pem: str) -> Iterator[str]:
    """A file that only this account can read, for as long as xmlsec1 reads it."""
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        yield file.name


def _private(key: Key) -> rsa.RSAPrivateKey:
    found = serialization.load_pem_private_key(key.pem.encode(), password=None)
    if not isinstance(found, rsa.RSAPrivateKey):
        raise TypeError("a signing key is an RSA key")
    return found
