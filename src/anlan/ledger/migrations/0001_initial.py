from django.db import migrations, models

from anlan.foundation.row_security import APP_ROLE
from anlan.ledger.partitions import CreateAppendOnly

BALANCE = "posted, reserved, seq, head, changed_at"


class Migration(migrations.Migration):
    initial = True

    dependencies = [("foundation", "0001_privileges")]
    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("may_overdraw", models.BooleanField(help_text="stands for the world outside: a bank, a payer")),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(help_text="of the newest line")),
                ("posted", models.BigIntegerField(default=0)),
                ("reserved", models.BigIntegerField(default=0)),
                ("seq", models.BigIntegerField(default=0)),
                ("head", models.BinaryField(max_length=32)),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "currency"], name="account_kind")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("may_overdraw", True), ("posted__gte", models.F("reserved")), _connector="OR"
                        ),
                        name="account_not_overdrawn",
                    ),
                    models.CheckConstraint(condition=models.Q(("reserved__gte", 0)), name="account_reserved"),
                ],
            },
        ),
        CreateAppendOnly(
            name="Entry",
            by="key",
            fields=[
                ("key", models.CharField(db_collation="C", max_length=100, primary_key=True, serialize=False)),
                ("id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("moved", "booked at once"),
                            ("held", "held back"),
                            ("posted", "held, then moved"),
                            ("voided", "held, then released"),
                            ("expired", "held until its time was over"),
                        ],
                        max_length=7,
                    ),
                ),
                ("debit", models.UUIDField()),
                ("credit", models.UUIDField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("about", models.CharField(blank=True, max_length=200)),
                ("pending_until", models.DateTimeField(null=True)),
                ("settles", models.UUIDField(null=True)),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["id"], name="entry_id"),
                    models.Index(
                        condition=models.Q(("settles__isnull", False)), fields=["settles"], name="entry_settles"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lte", 1000000000000000)), name="entry_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("debit", models.F("credit")), _negated=True), name="entry_two_accounts"
                    ),
                ],
            },
        ),
        CreateAppendOnly(
            name="Line",
            by="account",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account", "seq", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("account", models.UUIDField()),
                ("seq", models.BigIntegerField()),
                ("entry", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("posted", models.BigIntegerField(help_text="change of what is booked")),
                ("reserved", models.BigIntegerField(help_text="change of what is promised")),
                ("posted_after", models.BigIntegerField()),
                ("reserved_after", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("entry", models.UUIDField(primary_key=True, serialize=False)),
                ("debit", models.UUIDField()),
                ("credit", models.UUIDField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="hold_until")]},
        ),
        migrations.RunSQL(
            f"""
            -- Room beside each row, so that a new balance finds its place on the same page.
            ALTER TABLE ledger_account SET (fillfactor = 50);
            REVOKE UPDATE, DELETE, TRUNCATE ON ledger_account FROM {APP_ROLE};
            GRANT UPDATE ({BALANCE}) ON ledger_account TO {APP_ROLE};
            REVOKE UPDATE, TRUNCATE ON ledger_hold FROM {APP_ROLE};
            -- Who may change no column may not lock a row either.
            GRANT UPDATE (until) ON ledger_hold TO {APP_ROLE};
            """,
            f"GRANT UPDATE, DELETE ON ledger_account, ledger_hold TO {APP_ROLE}",
        ),
    ]
