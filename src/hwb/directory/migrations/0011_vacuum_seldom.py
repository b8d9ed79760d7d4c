"""Tables that a rollover writes as a whole are tidied after it, not five times during it; what is compressed
already is stored as it is."""

from django.db import migrations

FORWARD = """
ALTER TABLE learner_record SET (autovacuum_vacuum_scale_factor = 0.6, autovacuum_vacuum_insert_scale_factor = 1);
ALTER TABLE account SET (autovacuum_vacuum_scale_factor = 0.4, autovacuum_vacuum_insert_scale_factor = 1);
ALTER TABLE audit SET (autovacuum_vacuum_insert_scale_factor = 1);
ALTER TABLE identifier SET (autovacuum_vacuum_insert_scale_factor = 1);
ALTER TABLE run ALTER body SET STORAGE EXTERNAL, ALTER before SET STORAGE EXTERNAL;
"""
BACKWARD = """
ALTER TABLE learner_record RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
ALTER TABLE account RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
ALTER TABLE audit RESET (autovacuum_vacuum_insert_scale_factor);
ALTER TABLE identifier RESET (autovacuum_vacuum_insert_scale_factor);
ALTER TABLE run ALTER body SET STORAGE EXTENDED, ALTER before SET STORAGE EXTENDED;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0010_names_unique_by_identifier")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
