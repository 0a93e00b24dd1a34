"""What models were given to read about a learner, and the learner's own word on each purpose."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("adaptive", "0016_languages_of_learners_and_explanations"),
    ]

    operations = [
        migrations.AddField(
            model_name="learner",
            name="consents",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="SentText",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("marking", "Marking"),
                            ("wording", "Wording"),
                            ("tutor", "Tutor"),
                            ("search", "Search"),
                        ],
                        max_length=10,
                    ),
                ),
                ("model", models.CharField(max_length=160)),
                ("host", models.CharField(blank=True, max_length=255)),
                ("text", models.TextField()),
                ("n_characters", models.PositiveIntegerField()),
                ("removed", models.JSONField(default=dict)),
                ("n_times", models.PositiveIntegerField(default=1)),
                ("subject_kind", models.CharField(max_length=64)),
                ("subject_id", models.CharField(max_length=64)),
                (
                    "learner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sent_texts", to="adaptive.learner"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["learner", "-id"], name="sent_text_learner"),
                    models.Index(fields=["learner", "subject_id"], name="sent_text_subject"),
                    models.Index(fields=["at"], name="sent_text_at"),
                ],
            },
        ),
    ]
