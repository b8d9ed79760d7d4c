"""What somebody new answered when they were asked whether they worked at another school in Wales (ux.md 6.6)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0038_consolidation")]

    operations = [
        migrations.CreateModel(
            name="MoveAnswer",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("answer", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "move_answer",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("answer__in", ["new", "old", "later"])), name="move_answer_known"
                    )
                ],
            },
        ),
    ]
