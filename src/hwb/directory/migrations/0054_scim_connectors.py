import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0053_source_accounts"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="connector", name="connector_kind"),
        migrations.AddConstraint(
            model_name="connector",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["microsoft365", "just2easy", "scim"])), name="connector_kind"
            ),
        ),
        migrations.AddField(
            model_name="connectedaccount",
            name="groups",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="connectedaccount",
            index=django.contrib.postgres.indexes.GinIndex(fields=["groups"], name="connected_account_groups"),
        ),
    ]
