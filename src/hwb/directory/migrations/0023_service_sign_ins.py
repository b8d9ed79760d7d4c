"""Who is signed in to which service, what services are still to be told, and keys that sign."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0022_services"),
        # Tokens are its rows: they end in the same statements as sign-ins.
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]

    operations = [
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("kid", models.TextField(primary_key=True, serialize=False)),
                ("sealed", models.BinaryField()),
                ("created_at", models.DateTimeField()),
                ("signs_from", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "signing_key",
            },
        ),
        migrations.CreateModel(
            name="ServiceSignIn",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("school", models.TextField(default="")),
                ("session", models.TextField(db_index=True)),
                ("signed_in_at", models.DateTimeField()),
                (
                    "ways",
                    django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
                ),
                ("created_at", models.DateTimeField(db_index=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_column="account",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_column="service", on_delete=django.db.models.deletion.CASCADE, to="directory.service"
                    ),
                ),
            ],
            options={
                "db_table": "service_sign_in",
            },
        ),
        migrations.CreateModel(
            name="ServiceLogOut",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                ("failure", models.TextField(default="")),
                (
                    "sign_in",
                    models.ForeignKey(
                        db_column="sign_in", on_delete=django.db.models.deletion.CASCADE, to="directory.servicesignin"
                    ),
                ),
            ],
            options={
                "db_table": "service_log_out",
            },
        ),
        migrations.AddIndex(
            model_name="servicesignin",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["account"], name="service_sign_in_stands"
            ),
        ),
        migrations.AddIndex(
            model_name="servicelogout",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="service_log_out_due"
            ),
        ),
    ]
