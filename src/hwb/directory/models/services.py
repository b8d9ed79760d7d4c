"""Services that people sign in to with Hwb, or that get data of their schools."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Service(models.Model):
    """One registered service and what it may do. Moments are of the real clock.

    client_id: how it names itself (SAML: its entity id). secret_digest: SHA-256 of its secret, which is shown once.
    sector: services of one sector know a person by one identifier (hwb.directory.pairwise); key: the id of the key that
    makes it. start_uri: where a tile of it leads. logout_uri: told when somebody is out. after_logout_uris: where
    people may be led to from there. attribute_names: what a SAML service calls the claims, where it has other names for
    them. is_source: may keep official accounts of its own. kinds: of people that it reads (OneRoster, SCIM).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    protocol = models.TextField()
    name = models.TextField()
    client_id = models.TextField(unique=True)
    secret_digest = models.TextField(default="")
    redirect_uris = ArrayField(models.TextField(), default=list)
    after_logout_uris = ArrayField(models.TextField(), default=list)
    logout_uri = models.TextField(default="")
    start_uri = models.TextField(default="")
    metadata = models.TextField(default="")
    attribute_names = models.JSONField(default=dict, db_default={})
    scopes = ArrayField(models.TextField(), default=list)
    all_schools = models.BooleanField(default=False)
    is_source = models.BooleanField(default=False)
    kinds = ArrayField(models.TextField(), default=list, db_default=["learner", "staff"])
    sector = models.TextField()
    key = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.TextField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "service"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(protocol__in=["oidc", "saml", "oneroster", "scim"]), name="service_protocol"
            ),
        )


class ServiceSchool(models.Model):
    """A school whose people a service is for; a service for all schools has none."""

    pk = models.CompositePrimaryKey("service_id", "school")
    service = models.ForeignKey(Service, models.CASCADE, db_column="service")
    school = models.CharField(max_length=7, db_index=True)

    class Meta:
        db_table = "service_school"


class ServiceToken(models.Model):
    """An access token that a service got for itself, kept as SHA-256; it ends with the service at the latest."""

    digest = models.TextField(primary_key=True)
    service = models.ForeignKey(Service, models.CASCADE, db_column="service")
    scopes = ArrayField(models.TextField(), default=list)
    expires = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "service_token"


class SourceAccount(models.Model):
    """An official account that a service keeps as its source. external_id: the service's own name for it.

    changed_at: when the source changed it last. ended_at: when it deleted it; the account itself stays, switched off.
    """

    account = models.UUIDField(primary_key=True)
    service = models.ForeignKey(Service, models.PROTECT, db_column="service")
    external_id = models.TextField(default="")
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "source_account"
