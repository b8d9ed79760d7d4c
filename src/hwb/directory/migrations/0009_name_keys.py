"""Keys of people's names (hwb.names), also for the accounts that are there already."""

import json

from django.db import migrations, models

from hwb import names

_PAGE = 5_000
_ROWS = """
SELECT id::text, legal_surname, legal_forename, preferred_surname, preferred_forename FROM account
WHERE %s::uuid IS NULL OR id > %s::uuid ORDER BY id LIMIT %s
"""
_KEYS = """
UPDATE account a SET search_key = r.search_key, sort_en = r.sort_en, sort_cy = r.sort_cy, near_key = r.near_key
FROM json_to_recordset(%s::json) AS r(id uuid, search_key text, sort_en text, sort_cy text, near_key text)
WHERE a.id = r.id
"""


def fill(_apps, schema_editor):
    """Page by page, so that a nation fits into memory."""
    with schema_editor.connection.cursor() as cursor:
        last = None
        while True:
            cursor.execute(_ROWS, [last, last, _PAGE])
            rows = cursor.fetchall()
            if not rows:
                return
            cursor.execute(_KEYS, [json.dumps([{"id": id_, **names.keys(*parts)} for id_, *parts in rows])])
            last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [("directory", "0008_first_passwords")]
    operations = [
        migrations.AddField("account", "search_key", models.TextField(default="")),
        migrations.AddField("account", "sort_en", models.TextField(default="", db_collation="C")),
        migrations.AddField("account", "sort_cy", models.TextField(default="", db_collation="C")),
        migrations.AddField("account", "near_key", models.TextField(default="")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
