from django.db import migrations

# Erasing a learner (a right they have) is the one change to the past: services switch the guard off for their
# own transaction with SET LOCAL adaptive.erasing = 'on'.
GUARDS = """
CREATE FUNCTION adaptive_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('adaptive.erasing', true) = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'audit entries are never changed or deleted';
END $$;
CREATE TRIGGER adaptive_audit_guard BEFORE UPDATE OR DELETE ON adaptive_auditentry
    FOR EACH ROW EXECUTE FUNCTION adaptive_audit_is_append_only();

CREATE FUNCTION adaptive_attempt_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('adaptive.erasing', true) = 'on' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'attempts are never deleted';
    END IF;
    IF (OLD.tenant_id, OLD.learner_id, OLD.course_id, OLD.resource_id, OLD.response, OLD.given_score, OLD.started_at,
        OLD.submitted_at, OLD.received_at, OLD.n_hints, OLD.latency_ms, OLD.source, OLD.idempotency_key)
       IS DISTINCT FROM
       (NEW.tenant_id, NEW.learner_id, NEW.course_id, NEW.resource_id, NEW.response, NEW.given_score, NEW.started_at,
        NEW.submitted_at, NEW.received_at, NEW.n_hints, NEW.latency_ms, NEW.source, NEW.idempotency_key) THEN
        RAISE EXCEPTION 'what happened in an attempt is never changed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER adaptive_attempt_guard BEFORE UPDATE OR DELETE ON adaptive_attempt
    FOR EACH ROW EXECUTE FUNCTION adaptive_attempt_is_append_only();
"""

NO_GUARDS = """
DROP TRIGGER adaptive_attempt_guard ON adaptive_attempt;
DROP FUNCTION adaptive_attempt_is_append_only();
DROP TRIGGER adaptive_audit_guard ON adaptive_auditentry;
DROP FUNCTION adaptive_audit_is_append_only();
"""

# Words are found in the course's own language where PostgreSQL knows it, else as they stand.
SEARCH = """
CREATE FUNCTION adaptive_search_config(language text) RETURNS regconfig LANGUAGE sql STABLE AS $$
    SELECT CASE split_part(lower(language), '-', 1)
        WHEN 'en' THEN 'english' WHEN 'de' THEN 'german' WHEN 'fr' THEN 'french' WHEN 'es' THEN 'spanish'
        WHEN 'it' THEN 'italian' WHEN 'pt' THEN 'portuguese' WHEN 'nl' THEN 'dutch' ELSE 'simple' END::regconfig
$$;
CREATE FUNCTION adaptive_resource_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE config regconfig;
BEGIN
    SELECT adaptive_search_config(COALESCE(NULLIF(NEW.language, ''), course.language)) INTO config
        FROM adaptive_course course WHERE course.id = NEW.course_id;
    NEW.search := setweight(to_tsvector(config, NEW.title), 'A')
        || setweight(to_tsvector(config, left(NEW.body, 200000)), 'B');
    RETURN NEW;
END $$;
CREATE TRIGGER adaptive_resource_search_write BEFORE INSERT OR UPDATE OF title, body, language ON adaptive_resource
    FOR EACH ROW EXECUTE FUNCTION adaptive_resource_search();
"""

NO_SEARCH = """
DROP TRIGGER adaptive_resource_search_write ON adaptive_resource;
DROP FUNCTION adaptive_resource_search();
DROP FUNCTION adaptive_search_config(text);
"""


class Migration(migrations.Migration):
    """What the ORM cannot say: the past is not rewritten, and resources are found by their words."""

    dependencies = [("adaptive", "0002_first_schema")]
    operations = [migrations.RunSQL(GUARDS, NO_GUARDS), migrations.RunSQL(SEARCH, NO_SEARCH)]
