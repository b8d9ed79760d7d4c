"""The append-only audit log, its chains and their seals, and each person's key (R42)."""

from __future__ import annotations

from django.db import models


class Audit(models.Model):
    """One change. ``chain`` is the writer's establishment, ``school`` the one whose lists it touches.

    ``sealed`` is the ciphertext of personal values under the person's key; ``personal_digest`` the keyed digest of
    the person's details after the change; ``hash`` covers the previous entry's hash and all columns but itself.
    """

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(max_length=7)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.TextField()
    action = models.TextField()
    rule = models.TextField()
    reason_code = models.TextField()
    run = models.UUIDField(null=True)
    account = models.UUIDField(null=True)
    school = models.CharField(max_length=7)
    details = models.TextField()
    sealed = models.BinaryField(null=True)
    personal_digest = models.BinaryField(null=True)
    hash = models.BinaryField()

    class Meta:
        db_table = "audit"
        indexes = [models.Index(fields=["account"], name="audit_account")]
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="audit_chain_seq")]


class ChainHead(models.Model):
    """The newest hash of a chain; locking it is the first lock of every write (contract of operations)."""

    chain = models.CharField(max_length=7, primary_key=True)
    seq = models.BigIntegerField(default=0)
    hash = models.BinaryField(default=b"")

    class Meta:
        db_table = "chain_head"


class Seal(models.Model):
    """All chain heads at one night, and a digest over them."""

    day = models.DateField(primary_key=True)
    heads = models.JSONField()
    digest = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "seal"


class PersonKey(models.Model):
    """The key of one person, wrapped under the nation's; destroying it ends the readability of their past (R38)."""

    account = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField()

    class Meta:
        db_table = "person_key"
