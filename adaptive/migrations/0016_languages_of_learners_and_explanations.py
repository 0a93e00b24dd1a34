"""A learner's language may be unknown still, and an explanation says in which language it was written.

Learners that are here keep theirs: whether "en" was said or only assumed cannot be told any more.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("adaptive", "0015_feed_and_catalogue")]

    operations = [
        migrations.AlterField(
            model_name="learner",
            name="language",
            field=models.CharField(blank=True, default="", max_length=35),
        ),
        migrations.AddField(
            model_name="explanation",
            name="language",
            field=models.CharField(db_default="en", default="en", max_length=35),
        ),
    ]
