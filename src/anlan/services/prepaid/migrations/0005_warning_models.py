import django.db.models.deletion
from django.db import migrations, models

import anlan.foundation.identifiers
from anlan.foundation.row_security import AppendOnly


class Migration(migrations.Migration):
    """Failure models with their cards, which of them serves as what, and what they said: all append-only."""

    dependencies = [
        ("prepaid", "0004_supervision"),
    ]

    operations = [
        migrations.CreateModel(
            name="WarningModel",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("card", models.JSONField()),
                ("content", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="WarningModelChoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("alone", "rules alone"),
                            ("shadow", "model in shadow"),
                            ("warns", "model warns too"),
                        ],
                        max_length=6,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.UUIDField(help_text="account; empty: the console", null=True)),
                ("why", models.CharField(max_length=200)),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="prepaid.warningmodel",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("model", None), ("part", "alone")),
                            models.Q(models.Q(("part", "alone"), _negated=True), ("model__isnull", False)),
                            _connector="OR",
                        ),
                        name="prepaid_model_has_a_part",
                    ),
                    models.CheckConstraint(condition=models.Q(("why__gt", "")), name="prepaid_model_choice_says_why"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Outlook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("probability", models.FloatField()),
                ("reasons", models.JSONField()),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prepaid.warningmodel",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.shop"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("shop", "model", "day"), name="prepaid_outlook_once_a_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelNight",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("found", models.PositiveIntegerField()),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nights",
                        to="prepaid.warningmodel",
                    ),
                ),
            ],
        ),
        *(AppendOnly(f"prepaid_{table}") for table in ("warningmodel", "warningmodelchoice", "outlook", "modelnight")),
    ]
