from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0016_client_computer")]

    operations = [
        migrations.CreateModel(
            name="HiddenWarning",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("school", models.CharField(max_length=7)),
                ("mark", models.TextField()),
                ("code", models.TextField()),
                ("reason", models.TextField()),
                ("by", models.UUIDField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "hidden_warning",
                "constraints": [
                    models.UniqueConstraint(fields=("school", "mark"), name="hidden_warning_once"),
                ],
            },
        ),
    ]
