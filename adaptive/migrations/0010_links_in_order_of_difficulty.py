from django.db import migrations, models

# What a skill's exercises are chosen by stands beside the link itself, so that the few nearest in difficulty are read
# off an index, however many the skill has. The numbers: see recommendation/retrieval/of_skills.py.
WRITTEN = """
CREATE FUNCTION adaptive_resourceskill_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN  -- or a resource retired meanwhile would be offered on
        PERFORM 1 FROM adaptive_resource WHERE id = NEW.resource_id FOR SHARE;
    END IF;
    SELECT r.kind, CASE WHEN NOT r.is_retired AND r.course_id = s.course_id THEN least(NEW.position, 1) END,
        coalesce(
            -- least and greatest pass over NULL, and exp refuses what is too large.
            CASE WHEN d.used IS NOT NULL THEN
                1 / (1 + exp(greatest(-700, least(700, -(d.used + -0.5753641449035618))))) END,
            r.authored_difficulty, 0.3
        )
    INTO NEW.kind, NEW.offered_as, NEW.share_wrong
    FROM adaptive_resource r JOIN adaptive_skill s ON s.id = NEW.skill_id
    LEFT JOIN adaptive_itemdifficulty d ON d.resource_id = r.id WHERE r.id = NEW.resource_id;
    RETURN NEW;
END $$;
CREATE TRIGGER adaptive_resourceskill_write BEFORE INSERT OR UPDATE ON adaptive_resourceskill
    FOR EACH ROW EXECUTE FUNCTION adaptive_resourceskill_facts();

CREATE FUNCTION adaptive_resource_links_renew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE adaptive_resourceskill SET kind = kind WHERE resource_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER adaptive_resource_links AFTER UPDATE OF kind, is_retired, authored_difficulty, course_id
    ON adaptive_resource FOR EACH ROW
    WHEN ((OLD.kind, OLD.is_retired, OLD.authored_difficulty, OLD.course_id)
        IS DISTINCT FROM (NEW.kind, NEW.is_retired, NEW.authored_difficulty, NEW.course_id))
    EXECUTE FUNCTION adaptive_resource_links_renew();

CREATE FUNCTION adaptive_itemdifficulty_links_renew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.used IS NOT DISTINCT FROM OLD.used AND NEW.resource_id = OLD.resource_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        UPDATE adaptive_resourceskill SET kind = kind WHERE resource_id = OLD.resource_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.used IS NOT NULL THEN
        UPDATE adaptive_resourceskill SET kind = kind WHERE resource_id = NEW.resource_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER adaptive_itemdifficulty_links AFTER INSERT OR DELETE OR UPDATE OF used, resource_id
    ON adaptive_itemdifficulty FOR EACH ROW EXECUTE FUNCTION adaptive_itemdifficulty_links_renew();

UPDATE adaptive_resourceskill SET kind = kind;
"""

NOT_WRITTEN = """
DROP TRIGGER adaptive_itemdifficulty_links ON adaptive_itemdifficulty;
DROP FUNCTION adaptive_itemdifficulty_links_renew();
DROP TRIGGER adaptive_resource_links ON adaptive_resource;
DROP FUNCTION adaptive_resource_links_renew();
DROP TRIGGER adaptive_resourceskill_write ON adaptive_resourceskill;
DROP FUNCTION adaptive_resourceskill_facts();
"""


class Migration(migrations.Migration):
    dependencies = [("adaptive", "0009_study_plans")]
    operations = [
        migrations.AddField("resourceskill", "kind", models.CharField(blank=True, db_default="", max_length=16)),
        migrations.AddField("resourceskill", "offered_as", models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField("resourceskill", "share_wrong", models.FloatField(db_default=0.3)),
        migrations.RunSQL(WRITTEN, NOT_WRITTEN),
        *(
            migrations.AddIndex(
                "resourceskill",
                models.Index(
                    condition=models.Q(("offered_as__isnull", False)),
                    fields=["skill", "offered_as", share_wrong, "resource"],
                    include=["kind"],
                    name=name,
                ),
            )
            for name, share_wrong in (("skill_resources_up", "share_wrong"), ("skill_resources_down", "-share_wrong"))
        ),
    ]
