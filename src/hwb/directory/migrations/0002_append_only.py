"""What Django's models cannot say: the audit log is append-only, and hot tables leave room in their pages."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only (R42)';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE FUNCTION identifier_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR NEW.value <> OLD.value OR NEW.account <> OLD.account THEN
        RAISE EXCEPTION 'a username or e-mail address belongs to one person for ever (R33)';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identifier_for_ever BEFORE UPDATE OR DELETE ON identifier
    FOR EACH ROW EXECUTE FUNCTION identifier_for_ever();
ALTER TABLE learner_record SET (fillfactor = 50);
ALTER TABLE account SET (fillfactor = 90);
"""
BACKWARD = """
DROP TRIGGER audit_append_only ON audit;
DROP FUNCTION audit_append_only();
DROP TRIGGER identifier_for_ever ON identifier;
DROP FUNCTION identifier_for_ever();
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
