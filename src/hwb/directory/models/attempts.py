"""Wrong passwords, counted; codes by which a teacher helps. By the real clock, as sessions are."""

from __future__ import annotations

from django.db import models


class SignInCount(models.Model):
    """What stands against trying a password: of a name, of an account on a device, from an address, or of a password.

    ``key``: HMAC of what is counted; ``account``: whose name it is, when anybody's, so that a school can see it and
    unlock; ``on_device``: of a known device. ``until``: nothing is tried before; an address or a password is taken for
    a guesser's until then, and ``guessing`` says which of the two it is.
    """

    key = models.BinaryField(primary_key=True)
    account = models.UUIDField(null=True)
    on_device = models.BooleanField(default=False)
    row = models.IntegerField(default=0)
    locks = models.IntegerField(default=0)
    until = models.DateTimeField(null=True)
    last = models.DateTimeField(null=True)
    guessing = models.TextField(default="", db_default="")

    class Meta:
        db_table = "sign_in_count"
        indexes = [
            models.Index(fields=["until"], condition=models.Q(guessing__gt=""), name="sign_in_count_guessing"),
            models.Index(fields=["account"], condition=models.Q(account__isnull=False), name="sign_in_count_account"),
        ]


class SignInAttempt(models.Model):
    """One attempt of the last minutes. ``address`` and ``name`` are HMACs, ``password`` the first three bytes of one:
    enough to see that it is tried with many names, too little to find it out."""

    at = models.DateTimeField()
    address = models.BinaryField()
    name = models.BinaryField()
    password = models.BinaryField()
    failed = models.BooleanField()

    class Meta:
        db_table = "sign_in_attempt"
        indexes = [
            models.Index(fields=["address", "at"], name="sign_in_attempt_address"),
            models.Index(fields=["password", "at"], name="sign_in_attempt_password"),
        ]


class SignInHour(models.Model):
    """How many attempts an hour had, for comparing it with the same hour a week later."""

    hour = models.DateTimeField(primary_key=True)
    tried = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)

    class Meta:
        db_table = "sign_in_hour"


class HelpCode(models.Model):
    """The one live help code of an account, as HMAC; it is made from ``made_at`` and a key outside the database."""

    account = models.UUIDField(primary_key=True)
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "help_code"
