"""Connectors, the services that follow accounts, and where each account stands with each: at once the outbox.

Moments are of the real clock.
"""

from __future__ import annotations

import uuid

from django.db import models

from hwb.directory.models.services import Service


class Connector(models.Model):
    """One service that accounts are carried to. name: by which operators and the secret's variable call it.

    service: the sign-in service whose identifier of a person the connector uses. options: what its kind needs, no
    secret. closed_until: nothing is sent before (the circuit is open, or the service asked for patience);
    failing_since: since when it has not answered; failures: how often in a row. delta: where the nightly comparison
    goes on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.TextField()
    name = models.TextField()
    service = models.ForeignKey(Service, models.PROTECT, db_column="service")
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.TextField()
    paused_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    closed_until = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    failure = models.TextField(default="")
    succeeded_at = models.DateTimeField(null=True)
    delta = models.JSONField(default=dict)
    compared_at = models.DateTimeField(null=True)
    drifted = models.IntegerField(default=0)

    class Meta:
        db_table = "connector"
        constraints = (
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(removed_at__isnull=True), name="connector_name"
            ),
            models.CheckConstraint(condition=models.Q(kind__in=["microsoft365", "just2easy"]), name="connector_kind"),
        )


class ConnectedAccount(models.Model):
    """Where one account stands with one connector; the row waits in the outbox while `due_at` is set.

    version: goes up with every change that may move what the service must have. What that is, is worked out when it is
    carried over, so that a row waits once however much has changed. waits_since: the oldest change that waits.
    urgent: somebody is to be shut out. lease, leased_until: the worker that has it now. remote: the service's own id of
    the object, for ever the same (R4). touched: a worker has had it, and may have made an object. state: ready or
    ended, as last carried over.
    """

    pk = models.CompositePrimaryKey("connector_id", "account")
    connector = models.ForeignKey(Connector, models.CASCADE, db_column="connector")
    account = models.UUIDField()
    version = models.BigIntegerField()
    waits_since = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    urgent = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    failure = models.TextField(default="")
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    remote = models.TextField(default="")
    touched = models.BooleanField(default=False)
    state = models.TextField(default="")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "connected_account"
        indexes = (
            models.Index(
                fields=["connector", "-urgent", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="connected_account_due",
            ),
            models.Index(
                fields=["connector", "remote"], condition=~models.Q(remote=""), name="connected_account_remote"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=["", "ready", "ended"]), name="connected_account_state"
            ),
        )


class ConnectedGroup(models.Model):
    """A group of people that a service keeps, by the service's own id of it."""

    pk = models.CompositePrimaryKey("connector_id", "key")
    connector = models.ForeignKey(Connector, models.CASCADE, db_column="connector")
    key = models.TextField()
    remote = models.TextField(default="")

    class Meta:
        db_table = "connected_group"
