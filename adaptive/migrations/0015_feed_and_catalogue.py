import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("adaptive", "0014_conversations"),
    ]

    operations = [
        migrations.AddField(
            model_name="course",
            name="listing",
            field=models.CharField(
                choices=[("unlisted", "Unlisted"), ("listed", "Listed"), ("open", "Open")],
                db_default="unlisted",
                default="unlisted",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="explanation",
            name="summary",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="CourseOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("score", models.FloatField()),
                ("reasons", models.JSONField(default=list)),
                ("shown_at", models.DateTimeField(blank=True, null=True)),
                ("dismissed_at", models.DateTimeField(blank=True, null=True)),
                ("enrolled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="offers", to="adaptive.course"
                    ),
                ),
                (
                    "slate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="offers", to="adaptive.slate"
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [models.UniqueConstraint(fields=("slate", "position"), name="one_course_per_position")],
            },
        ),
    ]
