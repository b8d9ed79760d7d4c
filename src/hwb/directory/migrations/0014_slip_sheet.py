import uuid

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0013_portal_acts"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlipSheet",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("school", models.CharField(max_length=7)),
                ("made_by", models.UUIDField()),
                ("title", models.TextField()),
                (
                    "accounts",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                ("size", models.SmallIntegerField()),
                ("languages", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("printed_at", models.DateTimeField(null=True)),
                ("closes_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "slip_sheet",
                "indexes": [models.Index(fields=["school", "created_at"], name="slip_sheet_school")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("size__in", [1, 4, 8])), name="slip_sheet_size"),
                    models.CheckConstraint(
                        condition=models.Q(("languages__in", ["en", "cy", "both"])), name="slip_sheet_languages"
                    ),
                ],
            },
        ),
    ]
