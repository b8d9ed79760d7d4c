"""Records that wait to re-key an account are found by the former UPN that they name (R9)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0003_run_remembered")]

    operations = [
        migrations.AddIndex(
            model_name="learnerrecord",
            index=models.Index(
                condition=models.Q(("former_upn", ""), _negated=True),
                fields=["former_upn"],
                name="learner_record_former",
            ),
        ),
    ]
