"""What a client's computer is called, and whether it replaces the other clients of its schools."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0015_messages")]
    operations = [
        migrations.AddField("client", "computer", models.TextField(default="", db_default="")),
        migrations.AddField("client", "takes_over", models.BooleanField(default=False, db_default=False)),
    ]
