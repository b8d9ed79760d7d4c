"""For trying out: the messages that are kept as files, where no mail server is set (never in production)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.http import Http404, HttpResponse
from django.urls import path, reverse

from hwb.jobs import mail
from hwb.web.frame import show
from hwb.web.page import PageRequest, page
from hwb.web.policy import Action
from hwb.web.words import N_

NEWEST = 50


@dataclass(frozen=True, slots=True)
class Kept:
    """One message of the folder. text: its plain text, as paragraphs."""

    name: str
    subject: str
    to: str
    at: datetime
    text: str


@page(Action.OPEN)
def folder(request: PageRequest) -> HttpResponse:
    """The newest messages."""
    names = sorted((file.stem for file in _folder().glob("*.eml")), reverse=True)
    kept = [_read(_folder() / f"{name}.eml") for name in names[:NEWEST]]
    return show(request, "portal/mail.html", title=N_("Messages that were sent"), kept=kept)


@page(Action.OPEN)
def message(request: PageRequest, message: str) -> HttpResponse:
    """One message, as its reader sees it without HTML."""
    file = _folder() / f"{message}.eml"
    if not file.is_file():
        raise Http404
    back = reverse("mail-folder")
    return show(request, "portal/mail_message.html", title=N_("Message"), kept=_read(file), back=back)


def _folder() -> Path:
    found = mail.folder()
    if found is None:
        raise Http404
    return found


def _read(file: Path) -> Kept:
    found: Message = message_from_bytes(file.read_bytes(), policy=policy.default)
    at = parsedate_to_datetime(str(found["Date"]))
    return Kept(file.stem, str(found["Subject"]), str(found["To"]), at, mail.text_of(found))


urlpatterns = [
    path("mail/", folder, name="mail-folder"),
    path("mail/<slug:message>/", message, name="mail-message"),
]
