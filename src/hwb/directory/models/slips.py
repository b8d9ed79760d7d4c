"""Password slips that were opened for printing (ux.md 12)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SlipSheet(models.Model):
    """A print view of passwords: whose, for whom, and until when. It holds no password; each showing reads them anew.

    ``made_by``: the account that may see it. ``closes_at`` is by the real clock, fifteen minutes after it was made;
    ``closed_at``: somebody said before that the slips were handed out. ``printed_at``: when its slips were first shown.
    ``badges``: each slip has the learner's badge too.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    school = models.CharField(max_length=7)
    made_by = models.UUIDField()
    title = models.TextField()
    accounts = ArrayField(models.UUIDField())
    size = models.SmallIntegerField()
    languages = models.TextField()
    badges = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "slip_sheet"
        indexes = [models.Index(fields=["school", "created_at"], name="slip_sheet_school")]
        constraints = [
            models.CheckConstraint(condition=models.Q(size__in=[1, 4, 8]), name="slip_sheet_size"),
            models.CheckConstraint(condition=models.Q(languages__in=["en", "cy", "both"]), name="slip_sheet_languages"),
        ]
