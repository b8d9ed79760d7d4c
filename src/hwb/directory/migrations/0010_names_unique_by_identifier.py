from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0009_name_keys")]

    operations = [
        migrations.AlterField("account", "username", models.TextField()),
        migrations.AlterField("account", "email", models.TextField()),
    ]
