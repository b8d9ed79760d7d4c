from django.db import migrations, models

# Until now every password was made by a command and stored as a hash; nobody has chosen one yet.
KEPT = """
INSERT INTO first_password (account, key_id, school, made_by, made_at, must_change, hidden_at)
SELECT id, '', '', '', created_at, false, created_at FROM account WHERE password <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0007_run_wanted")]

    operations = [
        migrations.AddField(model_name="account", name="last_sign_in", field=models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="FirstPassword",
            fields=[
                ("account", models.UUIDField(primary_key=True, serialize=False)),
                ("ciphertext", models.BinaryField(null=True)),
                ("key_id", models.TextField(default="")),
                ("school", models.CharField(max_length=7)),
                ("made_by", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("must_change", models.BooleanField(default=False)),
                ("shown_at", models.DateTimeField(null=True)),
                ("hidden_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "first_password",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ciphertext__isnull", False), ("hidden_at__isnull", False)),
                        fields=["hidden_at"],
                        name="first_password_to_harden",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ciphertext__isnull", False), ("hidden_at__isnull", False), _connector="OR"
                        ),
                        name="first_password_hidden",
                    )
                ],
            },
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
