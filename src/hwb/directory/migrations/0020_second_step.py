import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0019_search_until"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondStepTries",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("failures", models.IntegerField(default=0)),
                ("wait_until", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "second_step_tries",
            },
        ),
        migrations.CreateModel(
            name="SecondStepReset",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("account", models.UUIDField()),
                ("asked_by", models.UUIDField()),
                ("asked_at", models.DateTimeField()),
                ("reason", models.TextField()),
                ("confirmed_by", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "second_step_reset",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("account",),
                        name="second_step_reset_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_by__isnull", True),
                            models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="second_step_reset_two_people",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SessionDevice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("account", models.UUIDField()),
                ("browser", models.TextField()),
                ("system", models.TextField()),
                ("began", models.DateTimeField()),
            ],
            options={
                "db_table": "session_device",
                "indexes": [models.Index(fields=["account"], name="session_device_account")],
            },
        ),
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("name", models.TextField(default="")),
                ("secret", models.BinaryField()),
                ("counter", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_column="account",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "second_factor",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["app", "passkey", "recovery"])), name="second_factor_kind"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "app")), fields=("account",), name="second_factor_one_app"
                    ),
                ],
            },
        ),
    ]
