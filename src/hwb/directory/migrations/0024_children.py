import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0023_service_sign_ins"),
    ]

    operations = [
        migrations.CreateModel(
            name="BadgeOnly",
            fields=[
                (
                    "placement",
                    models.OneToOneField(
                        db_column="placement",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="directory.placement",
                    ),
                ),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "badge_only",
            },
        ),
        migrations.CreateModel(
            name="ChildPictures",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_column="account",
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ciphertext", models.BinaryField()),
                ("key_id", models.TextField()),
                ("school", models.CharField(max_length=7)),
                ("set_by", models.TextField()),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "db_table": "child_pictures",
            },
        ),
        migrations.CreateModel(
            name="ClassSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("school", models.CharField(max_length=7)),
                ("class_name", models.TextField()),
                ("digest", models.TextField()),
                ("ciphertext", models.BinaryField()),
                ("key_id", models.TextField()),
                ("address", models.TextField()),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "started_by",
                    models.ForeignKey(
                        db_column="started_by", on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "class_session",
            },
        ),
        migrations.CreateModel(
            name="ClassDevice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("device", models.TextField()),
                ("number", models.IntegerField()),
                ("state", models.TextField()),
                ("asked_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        db_column="session", on_delete=django.db.models.deletion.CASCADE, to="directory.classsession"
                    ),
                ),
            ],
            options={
                "db_table": "class_device",
            },
        ),
        migrations.CreateModel(
            name="PictureTries",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("device", models.TextField()),
                ("known", models.BooleanField(default=False)),
                ("failures", models.IntegerField(default=0)),
                ("until", models.DateTimeField(null=True)),
                ("ended", models.BooleanField(default=False)),
                ("last", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_column="account", on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "picture_tries",
            },
        ),
        migrations.CreateModel(
            name="WrongClassCode",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("address", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "wrong_class_code",
                "indexes": [models.Index(fields=["address", "at"], name="wrong_class_code_address")],
            },
        ),
        migrations.CreateModel(
            name="Badge",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("digest", models.TextField(unique=True)),
                ("ciphertext", models.BinaryField()),
                ("key_id", models.TextField()),
                ("made_by", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("last_day", models.DateField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(default="")),
                (
                    "account",
                    models.ForeignKey(
                        db_column="account", on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        db_column="placement", on_delete=django.db.models.deletion.PROTECT, to="directory.placement"
                    ),
                ),
            ],
            options={
                "db_table": "badge",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)), fields=("account",), name="badge_one_valid"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="classsession",
            index=models.Index(fields=["digest"], name="class_session_digest"),
        ),
        migrations.AddConstraint(
            model_name="classsession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("school", "class_name"),
                name="class_session_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="classdevice",
            constraint=models.UniqueConstraint(fields=("session", "device"), name="class_device_once"),
        ),
        migrations.AddConstraint(
            model_name="classdevice",
            constraint=models.UniqueConstraint(fields=("session", "number"), name="class_device_number"),
        ),
        migrations.AddConstraint(
            model_name="classdevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["in", "asks", "refused"])), name="class_device_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="picturetries",
            constraint=models.UniqueConstraint(fields=("account", "device"), name="picture_tries_once"),
        ),
    ]
