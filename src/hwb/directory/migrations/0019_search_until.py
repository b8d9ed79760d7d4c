from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0018_password_form")]

    operations = [
        migrations.AddField("search", "until", models.DateTimeField(null=True)),
        migrations.AddField("messagechoice", "pages", models.TextField(default="")),
        migrations.AddConstraint(
            "messagechoice",
            models.CheckConstraint(name="message_choice_pages", condition=models.Q(("pages__in", ["", "en", "cy"]))),
        ),
    ]
