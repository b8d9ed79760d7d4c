"""Who is signed in to which service, what services are still to be told, and the keys that sign what they are told.

Tokens themselves are allauth's rows, kept as SHA-256, each with the id of its sign-in.
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from hwb.directory.models.accounts import Account
from hwb.directory.models.services import Service


class ServiceSignIn(models.Model):
    """One sign-in to a service; its id is the `sid` that the service knows. Moments are of the real clock.

    school: the one that the person chose to be there. session: SHA-256 of the Hwb session that it came from.
    signed_in_at: when the person proved who they are, and ways: how (RFC 8176). ends_at: of a child, when the Hwb
    session is over at the latest; place: the child's place in a class session, which may end before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    service = models.ForeignKey(Service, models.CASCADE, db_column="service")
    account = models.ForeignKey(Account, models.CASCADE, db_column="account", db_index=False)
    school = models.TextField(default="")
    session = models.TextField(db_index=True)
    signed_in_at = models.DateTimeField()
    ways = ArrayField(models.TextField(), default=list)
    created_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    place = models.UUIDField(null=True)

    class Meta:
        db_table = "service_sign_in"
        indexes = (
            models.Index(
                fields=["ends_at"],
                condition=models.Q(ended_at__isnull=True, ends_at__isnull=False),
                name="service_sign_in_due",
            ),
            models.Index(
                fields=["place"],
                condition=models.Q(ended_at__isnull=True, place__isnull=False),
                name="service_sign_in_place",
            ),
            models.Index(fields=["account"], condition=models.Q(ended_at__isnull=True), name="service_sign_in_stands"),
        )


class ServiceLogOut(models.Model):
    """A service is to be told that a sign-in has ended; it is tried again until it was, or for a day."""

    id = models.BigAutoField(primary_key=True)
    sign_in = models.ForeignKey(ServiceSignIn, models.CASCADE, db_column="sign_in")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failure = models.TextField(default="")

    class Meta:
        db_table = "service_log_out"
        indexes = (
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="service_log_out_due"),
        )


class SigningKey(models.Model):
    """A key that signs what services are told. sealed: its private half, encrypted under the secret key.

    use: oidc or saml, whose services learn of a new key at very different speeds.
    """

    kid = models.TextField(primary_key=True)
    use = models.TextField(default="oidc", db_default="oidc")
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "signing_key"


class SamlRequest(models.Model):
    """The digest of a request of a SAML service that was answered: the same one is not answered again."""

    digest = models.TextField(primary_key=True)
    answered_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "saml_request"
