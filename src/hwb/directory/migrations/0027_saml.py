"""Keys that sign SAML messages, requests that were answered, and what a service calls its attributes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0026_sign_in_attempts")]

    operations = [
        migrations.AddField("signingkey", "use", models.TextField(default="oidc", db_default="oidc")),
        migrations.AddField("service", "attribute_names", models.JSONField(default=dict, db_default={})),
        migrations.CreateModel(
            name="SamlRequest",
            fields=[
                ("digest", models.TextField(primary_key=True, serialize=False)),
                ("answered_at", models.DateTimeField(db_index=True)),
            ],
            options={"db_table": "saml_request"},
        ),
    ]
