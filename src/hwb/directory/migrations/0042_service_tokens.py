"""Tokens that services get for themselves, whom they read of, and when an entry of the registers changed."""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION register_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW IS DISTINCT FROM OLD THEN
        NEW.changed_at = clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER establishment_changed BEFORE INSERT OR UPDATE ON establishment
    FOR EACH ROW EXECUTE FUNCTION register_changed();
CREATE TRIGGER authority_changed BEFORE INSERT OR UPDATE ON authority
    FOR EACH ROW EXECUTE FUNCTION register_changed();
"""
BACKWARD = """
DROP TRIGGER establishment_changed ON establishment;
DROP TRIGGER authority_changed ON authority;
DROP FUNCTION register_changed();
"""


def _texts(**more: Any) -> "django.contrib.postgres.fields.ArrayField[list[str], list[str]]":
    return django.contrib.postgres.fields.ArrayField(models.TextField(), default=list, **more)


def _moment() -> "models.DateTimeField[object, object]":
    return models.DateTimeField(db_default=django.db.models.functions.Now())


class Migration(migrations.Migration):
    dependencies = [("directory", "0039_move_answer")]

    operations = [
        migrations.AddField("service", "kinds", _texts(db_default=["learner", "staff"])),
        migrations.AddField("establishment", "changed_at", _moment()),
        migrations.AddField("authority", "changed_at", _moment()),
        migrations.CreateModel(
            name="ServiceToken",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("scopes", _texts()),
                ("expires", models.DateTimeField(db_index=True)),
                (
                    "service",
                    models.ForeignKey(
                        db_column="service", on_delete=django.db.models.deletion.CASCADE, to="directory.service"
                    ),
                ),
            ],
            options={"db_table": "service_token"},
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
