import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0051_earlier_work"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceAccount",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("external_id", models.TextField(default="")),
                ("changed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "service",
                    models.ForeignKey(
                        db_column="service", on_delete=django.db.models.deletion.PROTECT, to="directory.service"
                    ),
                ),
            ],
            options={
                "db_table": "source_account",
            },
        ),
    ]
