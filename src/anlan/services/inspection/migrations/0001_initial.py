import django.db.models.deletion
from django.db import migrations, models

import anlan.foundation.identifiers
import anlan.foundation.ltree
from anlan.foundation.row_security import IN_SCOPE, RowPolicy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("addresses", "0001_initial"),
        ("loop", "0008_digest_of_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                ("area", anlan.foundation.ltree.LTreeField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("community", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("at", models.DateTimeField()),
                ("addresses", models.PositiveIntegerField()),
                ("completeness", models.FloatField(null=True)),
                ("uniqueness", models.FloatField(null=True)),
                ("code_validity", models.FloatField(null=True)),
                ("in_grid", models.FloatField(null=True)),
                ("aliases", models.FloatField(null=True)),
                ("freshness", models.FloatField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("duplicate", "entered twice"),
                            ("orphan", "what it lies in has ended"),
                            ("outside", "outside its grid"),
                            ("missing", "a level is missing"),
                            ("number", "impossible number"),
                            ("code", "code is not valid"),
                            ("field", "breaks a field rule"),
                            ("stale", "not checked for long"),
                        ],
                        max_length=10,
                    ),
                ),
                ("about", models.CharField(max_length=20)),
                ("value", models.CharField(max_length=200)),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("community", models.CharField(blank=True, max_length=12)),
                ("since", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "settled_how",
                    models.CharField(
                        blank=True, choices=[("gone", "gone from the base"), ("fine", "is fine")], max_length=4
                    ),
                ),
                ("settled_by", models.UUIDField(help_text="account; empty for the program", null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "address",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="addresses.address",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("reason", models.CharField(max_length=200)),
                ("confidence", models.FloatField()),
                ("margin", models.FloatField()),
                ("rooms", models.BooleanField(default=False)),
                ("seed", models.CharField(max_length=32)),
                ("population", models.PositiveIntegerField()),
                ("frame", models.CharField(max_length=64)),
                ("drawn_at", models.DateTimeField()),
                ("drawn_on", models.DateField()),
                ("drawn_by", models.UUIDField()),
            ],
            options={
                "indexes": [models.Index(fields=["-drawn_at"], name="round_newest")],
            },
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.UUIDField()),
                (
                    "address",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="addresses.address"
                    ),
                ),
                (
                    "matter",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.matter"
                    ),
                ),
                (
                    "finding",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="inspection.finding",
                    ),
                ),
                (
                    "round",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="checks",
                        to="inspection.round",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("settled_at", None)), fields=["community", "kind"], name="finding_open"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("settled_at__isnull", False)), fields=["-id"], name="finding_settled"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("settled_at", None)),
                fields=("address", "kind", "about", "value"),
                name="finding_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("settled_how", "")),
                    models.Q(("settled_at__isnull", False), ("settled_how", "gone")),
                    models.Q(("reason__gt", ""), ("settled_at__isnull", False), ("settled_how", "fine")),
                    _connector="OR",
                ),
                name="finding_settled_is_explained",
            ),
        ),
        migrations.AddIndex(
            model_name="check",
            index=models.Index(condition=models.Q(("matter", None)), fields=["asked_at"], name="check_waiting"),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finding", None), ("round__isnull", False)),
                    models.Q(("finding__isnull", False), ("round", None)),
                    _connector="OR",
                ),
                name="check_for_round_or_finding",
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.UniqueConstraint(fields=("round", "address"), name="check_once_a_round"),
        ),
        *(
            RowPolicy(f"inspection_{table}", IN_SCOPE.format(area="area"))
            for table in ("finding", "round", "check", "score", "inspection")
        ),
    ]
