"""Second steps of signing in: what a person holds beside the password, wrong tries, and help with a lost device."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hwb.directory.models.accounts import Account


class SecondFactor(models.Model):
    """One thing that proves somebody beside the password.

    ``kind``: app (codes of an app), passkey, or recovery (one code on paper). ``secret``: of an app sealed and bound
    to the account (directory.vault); of a passkey its public key; of a recovery code an HMAC.
    ``counter``: the newest time step whose code was taken, or the passkey's signature counter. Times are real ones.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_column="account")
    kind = models.TextField()
    name = models.TextField(default="")
    secret = models.BinaryField()
    counter = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "second_factor"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["app", "passkey", "recovery"]), name="second_factor_kind"),
            models.UniqueConstraint(fields=["account"], condition=Q(kind="app"), name="second_factor_one_app"),
        ]


class SecondStepTries(models.Model):
    """Wrong codes in a row, and until when none is looked at; the row is locked while a code is judged."""

    account = models.UUIDField(primary_key=True)
    failures = models.IntegerField(default=0)
    wait_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "second_step_tries"


class SecondStepReset(models.Model):
    """A lost device that needs two people: asked for by one, confirmed by another within a day (real clock)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.UUIDField()
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    reason = models.TextField()
    confirmed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "second_step_reset"
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(closed_at__isnull=True), name="second_step_reset_one_open"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=models.F("asked_by")),
                name="second_step_reset_two_people",
            ),
        ]


class SessionDevice(models.Model):
    """What a session was begun on, for the person's own list: browser and system in a word, never an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session_key = models.CharField(max_length=40, unique=True)
    account = models.UUIDField()
    browser = models.TextField()
    system = models.TextField()
    began = models.DateTimeField()

    class Meta:
        db_table = "session_device"
        indexes = [models.Index(fields=["account"], name="session_device_account")]
