"""Accounts, the names they have ever had, where they are placed, and what people decided about them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class Account(models.Model):
    """One person's Hwb account. ``upn`` is the learner's current UPN, empty for staff.

    ``password``: the hash of one that the person chose, or that a first password was turned into; else empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.TextField()
    active = models.BooleanField()
    reason_rule = models.TextField()
    reason_code = models.TextField()
    reason_values = models.JSONField(default=dict)
    username = models.TextField(unique=True)
    email = models.TextField(unique=True)
    upn = models.TextField(default="")
    legal_surname = models.TextField()
    legal_forename = models.TextField()
    preferred_surname = models.TextField(default="")
    preferred_forename = models.TextField(default="")
    birth_date = models.DateField(null=True)
    grace_until = models.DateField(null=True)
    personal_digest = models.BinaryField()
    password = models.TextField(default="")
    last_sign_in = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "account"
        constraints = [
            # I3: one account a UPN
            models.UniqueConstraint(fields=["upn"], name="account_upn", condition=~Q(upn="")),
            models.CheckConstraint(condition=Q(kind__in=["learner", "staff", "official"]), name="account_kind"),
            # I14: a learner has a UPN, nobody else has
            models.CheckConstraint(
                condition=Q(kind="learner") & ~Q(upn="") | ~Q(kind="learner") & Q(upn=""), name="account_kind_upn"
            ),
        ]


class FirstPassword(models.Model):
    """The password that was made for an account; there is none once the person has chosen their own (R10).

    ``ciphertext`` is null when it has been turned into the account's hash. ``school`` may show it until ``hidden_at``;
    it is empty when none may. ``key_id`` names the key of the ring (directory.keyring).
    """

    account = models.UUIDField(primary_key=True)
    ciphertext = models.BinaryField(null=True)
    key_id = models.TextField(default="")
    school = models.CharField(max_length=7)
    made_by = models.TextField()
    made_at = models.DateTimeField()
    must_change = models.BooleanField(default=False)
    shown_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "first_password"
        indexes = [
            models.Index(
                fields=["hidden_at"],
                name="first_password_to_harden",
                condition=Q(hidden_at__isnull=False, ciphertext__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="first_password_hidden", condition=Q(ciphertext__isnull=False) | Q(hidden_at__isnull=False)
            ),
        ]


class Upn(models.Model):
    """Every UPN ever seen, and the row that is locked to decide about it. Aliases lead to their account too (R9)."""

    upn = models.CharField(max_length=13, primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_column="account")

    class Meta:
        db_table = "upn"


class Identifier(models.Model):
    """Every username and e-mail address ever given; it belongs to one person for ever, also after deletion (R33)."""

    value = models.TextField(primary_key=True)
    kind = models.TextField()
    account = models.UUIDField()
    current = models.BooleanField(default=True)

    class Meta:
        db_table = "identifier"
        indexes = [models.Index(fields=["account"], name="identifier_account")]


class Placement(models.Model):
    """An account at an establishment, open while ``ended`` is null. Year and class are those of the school's word."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    school = models.CharField(max_length=7)
    role = models.TextField()
    began = models.DateField()
    ended = models.DateField(null=True)

    class Meta:
        db_table = "placement"
        indexes = [models.Index(fields=["school"], name="placement_school")]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="one_holder", condition=Q(role="holding", ended__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["account", "school", "role"], name="one_open_placement", condition=Q(ended__isnull=True)
            ),
            models.CheckConstraint(condition=Q(role__in=["holding", "guest", "post"]), name="placement_role"),
        ]


class Decision(models.Model):
    """A person's decision about an account that outlives runs (R31, R32); it stands while ``ended_at`` is null."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    school = models.CharField(max_length=7, default="")
    kind = models.TextField()
    reason = models.TextField(default="")
    made_by = models.TextField()
    made_at = models.DateTimeField()
    ended_by = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "decision"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "school", "kind"], name="one_standing_decision", condition=Q(ended_at__isnull=True)
            ),
        ]
