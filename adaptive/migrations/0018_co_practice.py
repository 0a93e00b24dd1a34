import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("adaptive", "0017_texts_sent_and_consents"),
    ]

    operations = [
        migrations.AddField(
            model_name="course",
            name="co_practice_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name="CoPractice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("n_learners", models.PositiveIntegerField()),
                ("n_right", models.PositiveIntegerField()),
                ("strength", models.FloatField()),
                (
                    "after",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="adaptive.resource"
                    ),
                ),
                (
                    "before",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="adaptive.resource",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="adaptive.course"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "co-practice",
                "constraints": [models.UniqueConstraint(fields=("before", "after"), name="co_practice_once")],
            },
        ),
    ]
