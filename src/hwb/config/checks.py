"""System checks of the settings: what production demands. Each has an id and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from hwb.config import environment
from hwb.config.secret_key import secret_key
from hwb.directory import keyring
from hwb.jobs import mail

SHORTEST_KEY = 50


@register()
def check_production(**_: Any) -> Sequence[CheckMessage]:
    """What must hold where HWB_PRODUCTION=1; nothing is asked elsewhere."""
    if not settings.HWB_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if len(secret_key()) < SHORTEST_KEY:
        found.append(
            Error(
                f"HWB_SECRET_KEY has fewer than {SHORTEST_KEY} characters.",
                hint="Set it to: python -c 'import secrets; print(secrets.token_urlsafe(48))'. Keep it safe: "
                "stored personal values cannot be read without it.",
                id="hwb.E001",
            )
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "HWB_HOSTS does not name the hosts that this server answers for.",
                hint="For example HWB_HOSTS=hwb.example.wales. A star is not accepted.",
                id="hwb.E002",
            )
        )
    if not settings.HWB_BASE_URL.startswith("https://"):
        found.append(
            Error(
                "HWB_BASE_URL does not begin with https://.",
                hint="Set it to the address that people and clients use.",
                id="hwb.E003",
            )
        )
    return found


@register()
def check_password_keys(**_: Any) -> Sequence[CheckMessage]:
    """Every key that is written must be one: a slip would make first passwords unreadable."""
    try:
        for key in settings.HWB_PASSWORD_KEYS:
            keyring.read_key(key)
    except keyring.KeyNotUsable as error:
        return [
            Error(f"HWB_PASSWORD_KEYS: {error}", hint="Keys stand in one line, with commas between.", id="hwb.E004")
        ]
    return []


@register()
def check_pairwise_key(**_: Any) -> Sequence[CheckMessage]:
    """The key of what services know people by must be one."""
    try:
        if settings.HWB_PAIRWISE_KEY:
            keyring.read_key(settings.HWB_PAIRWISE_KEY)
    except keyring.KeyNotUsable as error:
        return [Error(f"HWB_PAIRWISE_KEY: {error}", hint="It is one key, and never changed.", id="hwb.E006")]
    return []


@register()
def check_mail(**_: Any) -> Sequence[CheckMessage]:
    """Messages must have a way out in production; a slip in its address is found before the first one."""
    if not settings.HWB_SMTP_URL:
        hint = "Messages to schools wait in the outbox until it is."
        warning = checks.Warning("HWB_SMTP_URL is not set.", hint=hint, id="hwb.W003")
        return [warning] if settings.HWB_PRODUCTION else []
    try:
        mail.read_server(settings.HWB_SMTP_URL)
    except ValueError as error:
        hint = "For example smtp+starttls://user:password@host:587"
        return [Error(f"HWB_SMTP_URL: {error}", hint=hint, id="hwb.E005")]
    return []


@register()
def check_help(**_: Any) -> Sequence[CheckMessage]:
    """Every page names somebody to ask; in production it must be a real one."""
    stated = environment.text("HWB_HELP_TELEPHONE") and environment.text("HWB_HELP_EMAIL")
    if settings.HWB_PRODUCTION and not stated:
        hint = "Set both; they stand under “Get help” on every page."
        return [checks.Warning("HWB_HELP_TELEPHONE or HWB_HELP_EMAIL is not set.", hint=hint, id="hwb.W002")]
    return []


@register()
def check_saml(**_: Any) -> Sequence[CheckMessage]:
    """Without xmlsec1 there are no SAML signatures, so SAML is off (interfaces.md)."""
    if shutil.which("xmlsec1"):
        return []
    hint = "Install it (Debian: apt-get install xmlsec1) if services are to sign people in with SAML."
    return [checks.Info("The program xmlsec1 is missing: SAML is off.", hint=hint, id="hwb.I001")]


@register()
def check_rehearsal(**_: Any) -> Sequence[CheckMessage]:
    """A calendar set by HWB_NOW does nothing in production; whoever set it there should know."""
    if settings.HWB_PRODUCTION and environment.text("HWB_NOW"):
        return [checks.Warning("HWB_NOW is set and ignored in production.", hint="Unset it.", id="hwb.W001")]
    return []
