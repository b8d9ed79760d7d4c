"""The outbox goes out: by SMTP, or where none is set, as files in HWB_HOME/mail (never in production)."""

from __future__ import annotations

import logging
import smtplib
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connections
from django.urls import NoReverseMatch, reverse
from django.utils import translation

from hwb import clock, embedded
from hwb.lifecycle.message_texts import Said
from hwb.operations import messages
from hwb.operations.messages import NotTaken, Outgoing, Sent, ServerAway

_LOG = logging.getLogger(__name__)
#: Seconds that the mail server may take for one answer.
PATIENCE = 10
#: Messages in one go; the next go takes the rest.
MOST = 500
_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how mail is handed over."""

    host: str
    port: int
    user: str
    password: str
    scheme: str


def read_server(url: str) -> Server:
    """HWB_SMTP_URL. Raises ValueError, whose text holds no password."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError(f"it must begin with one of {', '.join(f'{name}://' for name in _SCHEMES)} and name a host")
    user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
    return Server(parts.hostname, parts.port or _SCHEMES[parts.scheme], user, password, parts.scheme)


def folder() -> Path | None:
    """Where messages are kept as files instead of being sent; None where they are sent, and in production."""
    if settings.HWB_SMTP_URL or settings.HWB_PRODUCTION:
        return None
    return embedded.home() / "mail"


def start_sending() -> None:
    """Sends what is due in a thread of its own; one that is at it already is left alone."""
    if not _ONE_AT_A_TIME.locked():
        threading.Thread(target=_in_thread, name="mail", daemon=True).start()


def _in_thread() -> None:
    try:
        send_due()
    except Exception:  # noqa: BLE001 - a thread has nobody to tell but the log
        _LOG.exception("messages could not be sent; they stay in the outbox")
    finally:
        connections.close_all()


def send_due() -> int:
    """Sends every message that is due now; returns how many went out. A server that is away ends it for this time."""
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        return 0
    post: _Smtp | _Folder | None = None
    try:
        if settings.HWB_SMTP_URL:
            post = _Smtp(read_server(settings.HWB_SMTP_URL))
        elif (place := folder()) is not None:
            post = _Folder(place)
        else:
            return 0
        return _send_all(post.send)
    finally:
        if isinstance(post, _Smtp):
            post.close()
        _ONE_AT_A_TIME.release()


def _send_all(send: Callable[[Outgoing], None]) -> int:
    sent = 0
    for _ in range(MOST):
        done = messages.deliver_next(send=send, now=clock.now(), at=datetime.now(UTC))
        if done is None:
            break
        sent += done is Sent.SENT
        if done is Sent.AWAY:
            _LOG.warning("the mail server is away; messages stay in the outbox")
            break
    return sent


class _Smtp:
    """One connection for all messages of a go."""

    def __init__(self, server: Server) -> None:
        self._connection: Any = get_connection(
            "django.core.mail.backends.smtp.EmailBackend", host=server.host, port=server.port,
            username=server.user, password=server.password, use_tls=server.scheme == "smtp+starttls",
            use_ssl=server.scheme == "smtps", timeout=PATIENCE,
        )  # fmt: skip

    def send(self, message: Outgoing) -> None:
        try:
            self._connection.open()
            self._connection.send_messages([mail_of(message)])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            self.close()
            raise NotTaken(type(error).__name__, for_good=_code(error) >= 500) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise ServerAway(type(error).__name__) from error

    def close(self) -> None:
        try:
            self._connection.close()
        except (OSError, smtplib.SMTPException):
            self._connection.connection = None


def _code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=400)
    return int(getattr(error, "smtp_code", 400))


class _Folder:
    """One file a message, the newest last by name."""

    def __init__(self, place: Path) -> None:
        self._place = place
        place.mkdir(mode=0o700, parents=True, exist_ok=True)

    def send(self, message: Outgoing) -> None:
        name = f"{message.at:%Y%m%dT%H%M%S}-{message.kind}-{message.id:06d}.eml"
        draft = self._place / f".{name}"
        draft.write_bytes(mail_of(message).message().as_bytes())
        draft.chmod(0o600)
        draft.replace(self._place / name)


def mail_of(message: Outgoing) -> EmailMultiAlternatives:
    """Plain text and HTML that say the same, each language a block of its own."""
    subject = " / ".join(said.subject for said in message.said)
    links = [_links(message, said) for said in message.said]
    blocks = list(zip(message.said, links, strict=True))
    mail = EmailMultiAlternatives(
        subject, f"\n{'-' * 40}\n\n".join(_plain(said, *link) for said, link in blocks), settings.HWB_MAIL_FROM,
        [message.address],
        headers={
            "Message-ID": f"<message-{message.id}@{settings.HWB_MAIL_DOMAIN}>",
            "Date": format_datetime(message.at),
            "Content-Language": ", ".join(said.language for said in message.said),
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    mail.attach_alternative(_html(subject, message.said[0].language, blocks), "text/html")
    return mail


def _links(message: Outgoing, said: Said) -> tuple[str, str]:
    """Where the message leads, and where it is changed (empty for an address of a register)."""
    with translation.override(said.language):
        try:
            there = reverse(message.route, kwargs=dict(message.parts))
        except NoReverseMatch:  # the page is not built yet
            there = reverse("start")
        change = reverse("own-messages") if message.to_account else ""
    return settings.HWB_BASE_URL + there, settings.HWB_BASE_URL + change if change else ""


def _plain(said: Said, there: str, change: str) -> str:
    items = "\n".join(f"* {item}" for item in said.items)
    parts = [
        said.subject, *filter(None, (said.school,)), *said.paragraphs,
        *([items] if items else []), f"{said.link}:\n{there}", said.why,
        f"{said.change}:\n{change}" if change else said.change, said.never,
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


_STYLE = (
    "body{font-family:Arial,sans-serif;font-size:16px;line-height:1.5;color:#0b0c0c;max-width:38em;margin:1em auto;"
    "padding:0 1em}h1{font-size:22px;line-height:1.3}a{color:#1a5c9c}hr{border:0;border-top:1px solid #b1b4b6;"
    "margin:2em 0}footer{color:#484949;font-size:14px}"
)


def _html(subject: str, language: str, blocks: list[tuple[Said, tuple[str, str]]]) -> str:
    body = "<hr>".join(_html_block(said, *link) for said, link in blocks)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(subject)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _html_block(said: Said, there: str, change: str) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in (said.school, *said.paragraphs) if text)
    items = "".join(f"<li>{escape(item)}</li>" for item in said.items)
    listed = f"<ul>{items}</ul>" if items else ""
    choice = f'<a href="{escape(change)}">{escape(said.change)}</a>' if change else escape(said.change)
    return (
        f'<article lang="{said.language}"><h1>{escape(said.subject)}</h1>{paragraphs}{listed}'
        f'<p><a href="{escape(there)}">{escape(said.link)}</a></p>'
        f"<footer><p>{escape(said.why)}</p><p>{choice}</p><p>{escape(said.never)}</p></footer></article>"
    )


def text_of(message: Message) -> str:
    """The plain text of a message that was read back from its file."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ""
