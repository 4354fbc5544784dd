from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("insight", "0001_topics"),
    ]

    operations = [
        migrations.CreateModel(
            name="TopicCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.UUIDField()),
                (
                    "stage",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "waiting its turn"),
                            (1, "counting what is rising"),
                            (2, "reading the matters"),
                            (3, "comparing them"),
                            (4, "grouping what is alike"),
                            (5, "keeping the topics"),
                        ],
                        default=0,
                    ),
                ),
                ("moved_at", models.DateTimeField(help_text="when it came to this stage")),
                ("ended_at", models.DateTimeField(null=True)),
                ("failed", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1), condition=Q(ended_at=None), name="topics_are_counted_once_at_a_time"
                    )
                ],
            },
        ),
    ]
