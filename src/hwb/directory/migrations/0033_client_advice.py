"""At what time of day a client is advised to run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0031_guessing")]

    operations = [migrations.AddField("client", "advised", models.TextField(default="", db_default=""))]
