"""Reads a request's body with its limits kept *while* reading: never more in memory than is accepted."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib
from typing import Any, Protocol

from django.http import HttpRequest, UnreadablePostError
from django.http.request import RawPostDataException

from hwb.api.errors import ApiError, body_not_understood, too_large
from hwb.extract.texts import N_, Text

LARGEST = 50 * 1024 * 1024
LARGEST_SMALL = 64 * 1024
HIGHEST_RATIO = 100
_CHUNK = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{1,64}):")


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_snapshot_body(request: HttpRequest) -> bytes:
    """The unpacked JSON of a delivery, whole and as its Repr-Digest says (RFC 9530). Raises ApiError."""
    stated = _stated_digest(request.headers.get("Repr-Digest", ""))
    length = _stated_length(request, LARGEST)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "gzip":
        body = _read_gzip(request, length)
    elif encoding in ("", "identity"):
        body = _read_plain(request, length)
    else:
        raise ApiError(415, "encoding_unknown", Text(N_("Only gzip is accepted as a content encoding.")))
    if hashlib.sha256(body).digest() != stated:
        raise ApiError(
            400, "digest_differs", Text(N_("What arrived is not what was sent: the digest differs. Send it again."))
        )
    return bytes(body)


def read_small_json(request: HttpRequest, *, largest: int = LARGEST_SMALL) -> Any:
    """A small JSON body, strictly read. Raises ApiError."""
    body = _read_plain(request, _stated_length(request, largest))
    try:
        return json.loads(bytes(body), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise body_not_understood() from None


def _stated_length(request: HttpRequest, largest: int) -> int:
    text = request.headers.get("Content-Length", "")
    if not text.isascii() or not text.isdigit():
        raise ApiError(411, "length_required", Text(N_("The length of what is sent must be stated.")))
    if int(text) > largest:
        raise too_large()
    return int(text)


def _stated_digest(header: str) -> bytes:
    found = _DIGEST.search(header)
    try:
        value = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        value = b""
    if len(value) != hashlib.sha256().digest_size:
        raise ApiError(400, "digest_missing", Text(N_("The header Repr-Digest with a sha-256 digest is required.")))
    return value


def _read_plain(source: _Source, length: int) -> bytearray:
    body = bytearray()
    while len(body) < length:
        chunk = _chunk(source, min(_CHUNK, length - len(body)))
        if not chunk:
            raise _cut_off()
        body += chunk
    return body


def _read_gzip(source: _Source, length: int) -> bytearray:
    unpacker = zlib.decompressobj(_GZIP)
    body = bytearray()
    received = 0
    while received < length:
        chunk = _chunk(source, min(_CHUNK, length - received))
        if not chunk:
            raise _cut_off()
        received += len(chunk)
        # One byte more than is allowed is enough to know; the rest is never unpacked.
        allowed = min(LARGEST, HIGHEST_RATIO * received)
        try:
            body += unpacker.decompress(chunk, allowed - len(body) + 1)
        except zlib.error:
            raise body_not_understood() from None
        if len(body) > allowed:
            raise too_large()
        if unpacker.unused_data:
            raise body_not_understood()
    if not unpacker.eof:
        raise _cut_off()
    return body


def _chunk(source: _Source, size: int) -> bytes:
    try:
        return source.read(size)
    except (UnreadablePostError, RawPostDataException, OSError):
        raise _cut_off() from None


def _cut_off() -> ApiError:
    return ApiError(400, "cut_off", Text(N_("The delivery broke off before its end. Send it again.")))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(_name: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")
