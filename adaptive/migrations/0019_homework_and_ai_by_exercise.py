"""Homework is a batch of pins with a day to be done by, and an exercise may be kept from the AI on its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("adaptive", "0018_co_practice"),
    ]

    operations = [
        migrations.AddField(
            model_name="resource",
            name="is_ai_enabled",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.CreateModel(
            name="Homework",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("misconception", models.CharField(blank=True, max_length=255)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("same", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="homework", to="adaptive.course"
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="adaptive.learner",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "homework",
                "indexes": [models.Index(fields=["course", "-created_at"], name="homework_course_recent")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("course", "same"),
                        name="homework_given_once",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="ruling",
            name="homework",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pins",
                to="adaptive.homework",
            ),
        ),
    ]
