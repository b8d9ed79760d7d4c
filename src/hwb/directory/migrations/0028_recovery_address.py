"""Where adults get a link to a new password, and what links are for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0027_saml")]

    operations = [
        migrations.AddField("signinlink", "purpose", models.TextField(default="first", db_default="first")),
        migrations.CreateModel(
            name="RecoveryAddress",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        db_column="account", on_delete=django.db.models.deletion.CASCADE, primary_key=True,
                        related_name="+", serialize=False, to="directory.account",
                    ),
                ),
                ("address", models.TextField()),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "recovery_address"},
        ),
    ]  # fmt: skip
