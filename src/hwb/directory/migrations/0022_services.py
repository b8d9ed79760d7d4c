"""Services that people sign in to, or that get data of their schools."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


def _texts() -> "django.contrib.postgres.fields.ArrayField[list[str], list[str]]":
    return django.contrib.postgres.fields.ArrayField(models.TextField(), default=list)


class Migration(migrations.Migration):
    dependencies = [("directory", "0021_language_of_pages")]

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("protocol", models.TextField()),
                ("name", models.TextField()),
                ("client_id", models.TextField(unique=True)),
                ("secret_digest", models.TextField(default="")),
                ("redirect_uris", _texts()),
                ("after_logout_uris", _texts()),
                ("logout_uri", models.TextField(default="")),
                ("start_uri", models.TextField(default="")),
                ("metadata", models.TextField(default="")),
                ("scopes", _texts()),
                ("all_schools", models.BooleanField(default=False)),
                ("is_source", models.BooleanField(default=False)),
                ("sector", models.TextField()),
                ("key", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("created_by", models.TextField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "service",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("protocol__in", ["oidc", "saml", "oneroster", "scim"])),
                        name="service_protocol",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceSchool",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "service_id", "school", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("school", models.CharField(db_index=True, max_length=7)),
                (
                    "service",
                    models.ForeignKey(
                        db_column="service", on_delete=django.db.models.deletion.CASCADE, to="directory.service"
                    ),
                ),
            ],
            options={"db_table": "service_school"},
        ),
    ]
