import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import anlan.foundation.identifiers
import anlan.foundation.ltree
from anlan.foundation.row_security import IN_SCOPE, RowPolicy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("loop", "0008_digest_of_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Topic",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("found", "not decided on"), ("taken_up", "taken up"), ("dismissed", "dismissed")],
                        default="found",
                        max_length=10,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "parent",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="loop.matter",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TopicMember",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("taken_out", models.BooleanField(default=False)),
                (
                    "matter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="loop.matter",
                    ),
                ),
                (
                    "topic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="members", to="insight.topic"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TopicSearch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                ("matters", models.PositiveIntegerField()),
                ("topics", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Rising",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(db_index=True)),
                ("days", models.PositiveSmallIntegerField()),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("category", models.CharField(max_length=60)),
                ("count", models.PositiveIntegerField()),
                ("expected", models.FloatField()),
                (
                    "chance",
                    models.FloatField(help_text="that as many or more come where nothing has changed"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.CheckConstraint(
                condition=~Q(state="taken_up") | Q(parent__isnull=False), name="topic_taken_up_has_a_parent"
            ),
        ),
        migrations.AddConstraint(
            model_name="topicmember",
            constraint=models.UniqueConstraint(
                condition=Q(taken_out=False), fields=("matter",), name="matter_is_in_one_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="topicmember",
            constraint=models.UniqueConstraint(fields=("matter", "topic"), name="matter_is_in_a_topic_once"),
        ),
        RowPolicy("insight_rising", IN_SCOPE.format(area="area")),
    ]
