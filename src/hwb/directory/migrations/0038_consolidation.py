"""Cases of consolidation (R25), and to whom a name leads when its account was joined into another one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE VIEW name_owner AS
SELECT i.value, i.kind, i.current AND a.retired_into IS NULL AS current, coalesce(a.retired_into, i.account) AS account
FROM identifier i LEFT JOIN account a ON a.id = i.account;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0033_client_advice"),
    ]

    operations = [
        migrations.CreateModel(
            name="Consolidation",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("state", models.TextField()),
                ("opened_as", models.TextField()),
                ("opened_at", models.DateTimeField()),
                ("previous_school", models.CharField(max_length=7)),
                ("new_school", models.CharField(max_length=7)),
                ("previous_username", models.TextField(default="")),
                ("mover", models.UUIDField(null=True)),
                ("said", models.JSONField(default=dict)),
                ("recorded", models.JSONField(default=dict)),
                ("requested_at", models.DateTimeField(null=True)),
                ("has_copied", models.BooleanField(default=False)),
                ("way", models.TextField(default="")),
                ("authorised_by", models.TextField(default="")),
                ("authorised_at", models.DateTimeField(null=True)),
                ("proof", models.TextField(default="")),
                ("proved_by", models.TextField(default="")),
                ("proved_at", models.DateTimeField(null=True)),
                ("leaving_said", models.DateField(null=True)),
                ("owner", models.UUIDField(null=True)),
                ("sent_on_by", models.UUIDField(null=True)),
                ("link", models.UUIDField(null=True, unique=True)),
                ("link_sent_at", models.DateTimeField(null=True)),
                ("link_opened_at", models.DateTimeField(null=True)),
                ("kept", models.UUIDField(null=True)),
                ("retiring", models.UUIDField(null=True)),
                ("joined_by", models.TextField(default="")),
                ("joined_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_reason", models.TextField(default="")),
                ("memory", models.JSONField(null=True)),
                ("history", models.JSONField(default=list)),
            ],
            options={
                "db_table": "consolidation",
            },
        ),
        migrations.AddField(
            model_name="account",
            name="retired_into",
            field=models.ForeignKey(
                db_column="retired_into",
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("retired_into__isnull", False)),
                fields=["retired_into"],
                name="account_retired_into",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("retired_into__isnull", True), ("active", False), _connector="OR"),
                name="account_retired",
            ),
        ),
        migrations.AddIndex(
            model_name="consolidation",
            index=models.Index(fields=["previous_school"], name="consolidation_previous"),
        ),
        migrations.AddIndex(
            model_name="consolidation",
            index=models.Index(fields=["new_school"], name="consolidation_new"),
        ),
        migrations.AddIndex(
            model_name="consolidation",
            index=models.Index(condition=models.Q(("kept__isnull", False)), fields=["kept"], name="consolidation_kept"),
        ),
        migrations.AddConstraint(
            model_name="consolidation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True), ("mover__isnull", False)),
                fields=("mover",),
                name="consolidation_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="consolidation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "done")), fields=("retiring",), name="consolidation_joined_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consolidation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["done", "undone"]), _negated=True),
                    models.Q(
                        ("authorised_at__isnull", False),
                        ("joined_at__isnull", False),
                        ("requested_at__isnull", False),
                        models.Q(
                            ("way", "online"),
                            models.Q(("proved_at__isnull", False), ("way", "e-mail")),
                            _connector="OR",
                        ),
                        ("kept__isnull", False),
                        ("retiring__isnull", False),
                        models.Q(("authorised_by", ""), _negated=True),
                        models.Q(("joined_by", ""), _negated=True),
                        models.Q(("kept", models.F("retiring")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="consolidation_approved",
            ),
        ),
        migrations.RunSQL(FORWARD, "DROP VIEW name_owner"),
    ]
