"""Places in class sessions, which end with the account; and until when a child's sign-ins to services last."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0028_recovery_address")]

    operations = [
        migrations.CreateModel(
            name="ClassPlace",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("taken_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_column="account", on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_column="device", on_delete=django.db.models.deletion.CASCADE, to="directory.classdevice"
                    ),
                ),
            ],
            options={"db_table": "class_place"},
        ),
        migrations.AddField("servicesignin", "ends_at", models.DateTimeField(null=True)),
        migrations.AddField("servicesignin", "place", models.UUIDField(null=True)),
        migrations.AddIndex(
            "servicesignin",
            models.Index(
                fields=["ends_at"],
                condition=models.Q(ended_at__isnull=True, ends_at__isnull=False),
                name="service_sign_in_due",
            ),
        ),
        migrations.AddIndex(
            "servicesignin",
            models.Index(
                fields=["place"],
                condition=models.Q(ended_at__isnull=True, place__isnull=False),
                name="service_sign_in_place",
            ),
        ),
    ]
