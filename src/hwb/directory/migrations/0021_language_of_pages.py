from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0020_second_step")]

    operations = [
        migrations.AddField(
            model_name="messagechoice",
            name="pages",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddConstraint(
            model_name="messagechoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("pages__in", ["", "en", "cy"])), name="message_choice_pages"
            ),
        ),
    ]
