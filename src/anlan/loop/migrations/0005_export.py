import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import anlan.foundation.identifiers
from anlan.foundation.row_security import APP_ROLE

PROGRESS = "state, rows, rows_done, cursor, bytes_done, failures, error, ended_at"


class Migration(migrations.Migration):
    """Saved filters, and the lists that were taken out; of those only how far they are may change."""

    dependencies = [("loop", "0004_notice_centre"), ("people", "0002_sign_in_failure")]
    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("page", models.CharField(help_text="the name of the page's address", max_length=20)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(help_text="what stands behind the question mark", max_length=1000)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "page", "name"), name="saved_filter_by_name")
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "posting_id",
                    models.UUIDField(help_text="the posting acted in; empty for all that are held", null=True),
                ),
                ("asked_at", models.DateTimeField()),
                ("format", models.CharField(choices=[("csv", "CSV"), ("xlsx", "XLSX")], max_length=4)),
                ("language", models.CharField(max_length=10)),
                ("filters", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "being written"),
                            ("ready", "ready"),
                            ("failed", "failed"),
                            ("cancelled", "cancelled"),
                            ("expired", "removed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "rows",
                    models.PositiveIntegerField(
                        help_text="how many there are to write; empty until counted", null=True
                    ),
                ),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("cursor", models.CharField(blank=True, help_text="after which matter to go on", max_length=80)),
                ("bytes_done", models.PositiveBigIntegerField(default=0, help_text="how much of the file counts")),
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
                    models.Index(fields=["account", "-asked_at"], name="export_of_account"),
                    models.Index(
                        fields=["asked_at"], name="export_under_way", condition=Q(state__in=("waiting", "running"))
                    ),
                    models.Index(fields=["ended_at"], name="export_kept", condition=Q(state="ready")),
                ],
            },
        ),
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE, TRUNCATE ON loop_export FROM {APP_ROLE};"
            f" GRANT UPDATE ({PROGRESS}) ON loop_export TO {APP_ROLE}",
            f"GRANT UPDATE, DELETE ON loop_export TO {APP_ROLE}",
        ),
    ]
