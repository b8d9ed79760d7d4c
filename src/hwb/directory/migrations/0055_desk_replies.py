"""What a school adds to a case stands apart from what the case was opened with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0054_scim_connectors"),
    ]

    operations = [
        migrations.AddField(
            model_name="supportcase", name="replies", field=models.TextField(db_default="", default="")
        ),
    ]
