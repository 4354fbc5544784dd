import django.db.models.deletion
from django.db import migrations, models

from anlan.foundation.row_security import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("triage", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="TriageModel",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("head", models.CharField(help_text="what it chooses: category, klass or severity", max_length=10)),
                ("made_at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        choices=[("decisions", "decisions of dispatchers"), ("file", "a file")], max_length=10
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("card", models.JSONField()),
                ("content", models.BinaryField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TriageModelChoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("head", models.CharField(max_length=10)),
                ("at", models.DateTimeField()),
                ("why", models.CharField(max_length=200)),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="choices",
                        to="triage.triagemodel",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["head", "-id"], name="triage_choice_latest")],
            },
        ),
        AppendOnly("triage_triagemodel"),
        AppendOnly("triage_triagemodelchoice"),
    ]
