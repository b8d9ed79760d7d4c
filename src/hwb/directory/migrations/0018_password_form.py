from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0017_hidden_warning")]

    operations = [migrations.AddField("firstpassword", "form", models.UUIDField(null=True))]
