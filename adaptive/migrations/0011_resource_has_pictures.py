from django.db import migrations, models

PICTURE = r"!\[[^\]]*\]\(|<(img|svg|figure)[ >/]"


class Migration(migrations.Migration):
    """Whether a resource shows pictures, told from its body by the database itself, so that no writer can forget it."""

    dependencies = [("adaptive", "0010_links_in_order_of_difficulty")]
    operations = [
        migrations.AddField(
            model_name="resource",
            name="has_pictures",
            field=models.GeneratedField(
                expression=models.Q(body__iregex=PICTURE), output_field=models.BooleanField(), db_persist=True
            ),
        )
    ]
