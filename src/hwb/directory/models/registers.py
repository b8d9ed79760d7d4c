"""Authorities, establishments, clients and the nation's settings."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now


class Authority(models.Model):
    """A local authority; ``code`` is the first three digits of its schools' DfES numbers.

    ``changed_at``: by the real clock, kept by a trigger; services read it.
    """

    code = models.CharField(max_length=3, primary_key=True)
    name_en = models.TextField(default="")
    name_cy = models.TextField(default="")
    email = models.TextField(default="")
    telephone = models.TextField(default="")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "authority"


class Establishment(models.Model):
    """A school as a body with a DfES number. ``followed_by`` is its registered successor (R43).

    ``changed_at``: by the real clock, kept by a trigger; services read it.
    """

    dfes = models.CharField(max_length=7, primary_key=True)
    name_en = models.TextField(default="")
    name_cy = models.TextField(default="")
    phase = models.TextField(default="")
    opened = models.DateField(null=True)
    closed = models.DateField(null=True)
    language = models.TextField(default="")
    client_manager = models.TextField(default="")
    registered_email = models.TextField(default="")
    pending_email = models.TextField(default="")
    pending_email_from = models.DateField(null=True)
    mis = models.TextField(default="")
    followed_by = models.TextField(default="")
    client_contact = models.TextField(default="")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "establishment"


class Client(models.Model):
    """A Provisioning Client: its key, and when it was last heard from.

    computer: what whoever registered it calls its computer. takes_over: it ends the other clients of its schools when
    it enrols. advised: the time of day, "02:30", at which whoever looks after it wants it to run; empty: its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    code_digest = models.TextField(default="")
    code_expires = models.DateTimeField(null=True)
    public_key = models.TextField(default="")
    enrolled_at = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    version = models.TextField(default="")
    last_contact = models.DateTimeField(null=True)
    report = models.JSONField(default=dict)
    computer = models.TextField(default="", db_default="")
    takes_over = models.BooleanField(default=False, db_default=False)
    advised = models.TextField(default="", db_default="")

    class Meta:
        db_table = "client"


class ClientSchool(models.Model):
    """A school that a client may send for."""

    pk = models.CompositePrimaryKey("client_id", "school")
    client = models.ForeignKey(Client, models.CASCADE, db_column="client")
    school = models.CharField(max_length=7)

    class Meta:
        db_table = "client_school"


class RunWish(models.Model):
    """A school's wish that its client runs or previews now; one that waits at most, collected once at a check-in."""

    id = models.BigAutoField(primary_key=True)
    school = models.CharField(max_length=7)
    kind = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.TextField()
    collected_at = models.DateTimeField(null=True)
    collected_by = models.UUIDField(null=True)

    class Meta:
        db_table = "run_wish"
        constraints = (
            models.UniqueConstraint(
                fields=["school"], condition=models.Q(collected_at__isnull=True), name="run_wish_waits"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["run", "preview"]), name="run_wish_kind"),
        )


class ClientAssertion(models.Model):
    """A client assertion that was used; it never counts again (RFC 7523)."""

    pk = models.CompositePrimaryKey("client_id", "jti")
    client = models.ForeignKey(Client, models.CASCADE, db_column="client")
    jti = models.TextField()
    expires = models.DateTimeField()

    class Meta:
        db_table = "client_assertion"


class AccessToken(models.Model):
    """An access token of a client, kept as SHA-256."""

    digest = models.TextField(primary_key=True)
    client = models.ForeignKey(Client, models.CASCADE, db_column="client")
    expires = models.DateTimeField()

    class Meta:
        db_table = "access_token"


class Setting(models.Model):
    """One setting of the nation, or of the school whose number ends its key. An empty value is the default again."""

    key = models.TextField(primary_key=True)
    value = models.TextField()
    changed_by = models.TextField(default="", db_default="")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "setting"
