"""Cases of Hwb Support's desk; a school's request for a suspension becomes one of them."""

from django.db import migrations, models

FORWARD = """
INSERT INTO support_case (number, kind, state, school, account, upn, details, language, code, opened_by, opened_at, due,
    answer, matter, history)
SELECT nextval(pg_get_serial_sequence('consolidation', 'number')), 'safety', 'new', r.school, r.account, '', r.details,
    '', '', r.made_by, r.made_at, (r.made_at AT TIME ZONE 'Europe/London')::date + 1, '', '', '[]'
FROM support_request r WHERE r.ended_at IS NULL ORDER BY r.made_at;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0046_connectors"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportCase",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("state", models.TextField()),
                ("school", models.CharField(default="", max_length=7)),
                ("account", models.UUIDField(null=True)),
                ("other", models.UUIDField(null=True)),
                ("upn", models.CharField(default="", max_length=13)),
                ("details", models.TextField(default="")),
                ("language", models.TextField(default="")),
                ("code", models.TextField(default="")),
                ("asked_by", models.UUIDField(null=True)),
                ("opened_by", models.TextField()),
                ("opened_at", models.DateTimeField()),
                ("due", models.DateField()),
                ("owner", models.UUIDField(null=True)),
                ("answer", models.TextField(default="")),
                ("matter", models.TextField(default="")),
                ("closed_at", models.DateTimeField(null=True)),
                ("history", models.JSONField(default=list)),
            ],
            options={
                "db_table": "support_case",
                "indexes": [
                    models.Index(fields=["school"], name="support_case_school"),
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)), fields=["due"], name="support_case_open"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["learner", "account", "client", "question", "safety", "matching", "call"])
                        ),
                        name="support_case_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["new", "ready", "waiting", "done", "unchanged", "withdrawn"])
                        ),
                        name="support_case_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state__in", ["new", "ready", "waiting"])),
                            models.Q(("closed_at__isnull", False), ("state__in", ["done", "unchanged", "withdrawn"])),
                            _connector="OR",
                        ),
                        name="support_case_closed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("owner__isnull", True),
                            models.Q(
                                models.Q(
                                    ("account__isnull", True),
                                    models.Q(("owner", models.F("account")), _negated=True),
                                    _connector="OR",
                                ),
                                models.Q(
                                    ("other__isnull", True),
                                    models.Q(("owner", models.F("other")), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="support_case_not_own",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True), ("kind", "safety")),
                        fields=("account", "school"),
                        name="support_case_safety",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True), models.Q(("matter", ""), _negated=True)),
                        fields=("matter",),
                        name="support_case_matter",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
        migrations.DeleteModel(name="SupportRequest"),
    ]
