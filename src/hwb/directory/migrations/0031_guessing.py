"""What is slowed down for guessing: an address or a password, so that an operator can be told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0030_class_places")]

    operations = [
        migrations.AddField("signincount", "guessing", models.TextField(default="", db_default="")),
        migrations.AddIndex(
            "signincount",
            models.Index(fields=["until"], condition=models.Q(guessing__gt=""), name="sign_in_count_guessing"),
        ),
    ]
