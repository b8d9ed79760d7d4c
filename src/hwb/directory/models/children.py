"""How small children sign in: badges, pictures, and a class that signs in together (ux.md A2 to A4)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from hwb.directory.models.accounts import Account, Placement


class Badge(models.Model):
    """A badge that was made; it works while it is not ended, until `last_day`, and while its placement lasts.

    ``digest``: the code's HMAC, by which it is found; ``ciphertext``: the code, for printing it again.
    ``reason``: why it ended: replaced, withdrawn.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    placement = models.ForeignKey(Placement, models.PROTECT, db_column="placement")
    digest = models.TextField(unique=True)
    ciphertext = models.BinaryField()
    key_id = models.TextField()
    made_by = models.TextField()
    made_at = models.DateTimeField()
    last_day = models.DateField()
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        db_table = "badge"
        constraints = [
            models.UniqueConstraint(fields=["account"], name="badge_one_valid", condition=Q(ended_at__isnull=True)),
        ]


class ChildPictures(models.Model):
    """A child's three pictures, encrypted; ``school`` set them and may see them."""

    account = models.OneToOneField(Account, models.PROTECT, primary_key=True, db_column="account")
    ciphertext = models.BinaryField()
    key_id = models.TextField()
    school = models.CharField(max_length=7)
    set_by = models.TextField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "child_pictures"


class BadgeOnly(models.Model):
    """A school lets a child with an access need sign in with the badge alone; while the placement lasts."""

    placement = models.OneToOneField(Placement, models.PROTECT, primary_key=True, db_column="placement")
    set_by = models.TextField()
    set_at = models.DateTimeField()

    class Meta:
        db_table = "badge_only"


class PictureTries(models.Model):
    """Wrong pictures in a row of a child on one device; device "" counts all that are new to the child.

    ``known``: the child has signed in on this device. Times are those of the real clock.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, models.PROTECT, db_column="account")
    device = models.TextField()
    known = models.BooleanField(default=False)
    failures = models.IntegerField(default=0)
    until = models.DateTimeField(null=True)
    ended = models.BooleanField(default=False)
    last = models.DateTimeField()

    class Meta:
        db_table = "picture_tries"
        constraints = [models.UniqueConstraint(fields=["account", "device"], name="picture_tries_once")]


class ClassSession(models.Model):
    """A class that signs in together for an hour; by the real clock. ``address``: HMAC of the teacher's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    school = models.CharField(max_length=7)
    class_name = models.TextField()
    started_by = models.ForeignKey(Account, models.PROTECT, db_column="started_by")
    digest = models.TextField()
    ciphertext = models.BinaryField()
    key_id = models.TextField()
    address = models.TextField()
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "class_session"
        indexes = [models.Index(fields=["digest"], name="class_session_digest")]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "class_name"], name="class_session_open", condition=Q(ended_at__isnull=True)
            ),
        ]


class ClassDevice(models.Model):
    """A device that typed the class code. number: by which the teacher tells it from the others."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    session = models.ForeignKey(ClassSession, models.CASCADE, db_column="session")
    device = models.TextField()
    number = models.IntegerField()
    state = models.TextField()
    asked_at = models.DateTimeField()

    class Meta:
        db_table = "class_device"
        constraints = [
            models.UniqueConstraint(fields=["session", "device"], name="class_device_once"),
            models.UniqueConstraint(fields=["session", "number"], name="class_device_number"),
            models.CheckConstraint(condition=Q(state__in=["in", "asks", "refused"]), name="class_device_state"),
        ]


class ClassPlace(models.Model):
    """A child who signed in with the class on one of its devices; the session in Hwb lasts while the row stands."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    device = models.ForeignKey(ClassDevice, models.CASCADE, db_column="device")
    account = models.ForeignKey(Account, models.CASCADE, db_column="account")
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "class_place"


class WrongClassCode(models.Model):
    """A class code that was wrong, by HMAC of the address it came from; forgotten after a day."""

    id = models.BigAutoField(primary_key=True)
    address = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "wrong_class_code"
        indexes = [models.Index(fields=["address", "at"], name="wrong_class_code_address")]
