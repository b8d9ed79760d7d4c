from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0024_children")]

    operations = [migrations.AddField("slipsheet", "badges", models.BooleanField(default=False))]
