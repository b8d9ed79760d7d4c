from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0018_password_form")]

    operations = [migrations.AddField("search", "until", models.DateTimeField(null=True))]
