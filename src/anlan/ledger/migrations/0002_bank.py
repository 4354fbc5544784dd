from django.db import migrations, models

import anlan.foundation.identifiers
from anlan.foundation.row_security import APP_ROLE

# No row of either table is ever removed by the application.
KEPT = "REVOKE DELETE, TRUNCATE ON ledger_payout, ledger_comparison FROM " + APP_ROLE


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Comparison",
            fields=[
                (
                    "id",
                    models.UUIDField(default=anlan.foundation.identifiers.new_id, primary_key=True, serialize=False),
                ),
                ("account", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("matched", "the same on both sides"),
                            ("different", "another amount"),
                            ("only_bank", "missing in the ledger"),
                            ("only_ledger", "missing at the bank"),
                        ],
                        max_length=11,
                    ),
                ),
                ("row", models.BinaryField(max_length=32, null=True)),
                ("day", models.DateField()),
                ("reference", models.CharField(blank=True, max_length=200)),
                ("text", models.CharField(blank=True, max_length=200)),
                ("bank_amount", models.BigIntegerField(null=True)),
                ("entry", models.UUIDField(null=True)),
                ("ledger_amount", models.BigIntegerField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.UUIDField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [models.Index(fields=["account", "day"], name="comparison_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "row"), name="comparison_row_once"),
                    models.UniqueConstraint(fields=("account", "entry"), name="comparison_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "matched"), _negated=True),
                            ("bank_amount", models.F("ledger_amount")),
                            _connector="OR",
                        ),
                        name="comparison_matched",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("settled_at", None), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="comparison_settled_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("to", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "waiting for the bank"),
                            ("paid", "paid out"),
                            ("refused", "refused by the bank"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="when it is tried next")),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(null=True)),
                ("said", models.CharField(blank=True, help_text="what the bank answered", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "queued")), fields=["due_at"], name="payout_due")
                ],
            },
        ),
        migrations.RunSQL(KEPT, f"GRANT DELETE ON ledger_payout, ledger_comparison TO {APP_ROLE}"),
    ]
