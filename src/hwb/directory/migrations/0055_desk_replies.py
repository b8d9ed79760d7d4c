"""What a school adds to a case stands apart from what the case was opened with; nobody works on their own request."""

from django.db import migrations, models

#: A case that its own asker has is nobody's again, so that a colleague takes it.
FREED = """
UPDATE support_case SET owner = NULL, state = CASE WHEN closed_at IS NULL THEN 'new' ELSE state END
WHERE owner = asked_by;
"""


def _is_not(field: str) -> models.Q:
    return models.Q((f"{field}__isnull", True), models.Q(("owner", models.F(field)), _negated=True), _connector="OR")


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0054_scim_connectors"),
    ]

    operations = [
        migrations.AddField(
            model_name="supportcase", name="replies", field=models.TextField(db_default="", default="")
        ),
        migrations.RunSQL(FREED, migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="supportcase", name="support_case_not_own"),
        migrations.AddConstraint(
            model_name="supportcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("owner__isnull", True),
                    models.Q(_is_not("account"), _is_not("other"), _is_not("asked_by")),
                    _connector="OR",
                ),
                name="support_case_not_own",
            ),
        ),
    ]
