import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import anlan.foundation.identifiers
from anlan.foundation.row_security import APP_ROLE

PROGRESS = "state, rows_done, bytes_done, resolved, ambiguous, unknown, failures, error, ended_at"


class Migration(migrations.Migration):
    """Files of addresses that were given in; of those only how far they are may change."""

    initial = True

    dependencies = [
        ("loop", "0005_export"),
        ("people", "0006_posting_constraint_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("language", models.CharField(max_length=10)),
                ("name", models.CharField(help_text="what the file was called", max_length=120)),
                ("rows", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting its turn"),
                            ("running", "being looked up"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                            ("expired", "removed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("bytes_done", models.PositiveBigIntegerField(default=0, help_text="how much of the file counts")),
                ("resolved", models.PositiveIntegerField(default=0)),
                ("ambiguous", models.PositiveIntegerField(default=0)),
                ("unknown", models.PositiveIntegerField(default=0)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "-asked_at"], name="batch_of_account"),
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=["asked_at"],
                        name="batch_under_way",
                    ),
                    models.Index(condition=models.Q(("state", "ready")), fields=["ended_at"], name="batch_kept"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("waiting", "running"))),
                        fields=("account",),
                        name="batch_one_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE, TRUNCATE ON addressing_batch FROM {APP_ROLE};"
            f" GRANT UPDATE ({PROGRESS}) ON addressing_batch TO {APP_ROLE}",
            f"GRANT UPDATE, DELETE ON addressing_batch TO {APP_ROLE}",
        ),
    ]
