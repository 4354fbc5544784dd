import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import anlan.foundation.identifiers
from anlan.foundation.row_security import IN_SCOPE, IS_MATTER

OF_MATTER = f"{IN_SCOPE.format(area='area')} OR {IS_MATTER.format(matter='matter_id')}"
# Whom a notice is for may read it wherever the matter lies, and after it has gone elsewhere.
ADDRESSED = (
    "coalesce(desk = any(string_to_array(nullif(current_setting('app.area', true), ''), ',')), false) OR "
    "coalesce(unit_id = any(string_to_array(nullif(current_setting('app.units', true), ''), ',')::uuid[]), false)"
)


class Migration(migrations.Migration):
    """The notices of a command centre or a unit, newest first, and up to when somebody has read them."""

    dependencies = [("loop", "0003_announcement"), ("people", "0004_credentials")]
    operations = [
        migrations.CreateModel(
            name="NoticesRead",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("addressee", models.CharField(max_length=80)),
                ("until", models.DateTimeField()),
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
                    models.UniqueConstraint(fields=["account", "addressee"], name="notices_read_by_addressee")
                ],
            },
        ),
        migrations.AddIndex(
            "notice", models.Index(fields=["desk", "-due_at"], name="notice_to_desk", condition=Q(to="desk"))
        ),
        migrations.AddIndex(
            "notice", models.Index(fields=["unit", "-due_at"], name="notice_to_unit", condition=Q(to="unit"))
        ),
        migrations.RunSQL(
            f"ALTER POLICY loop_notice_scope ON loop_notice USING ({OF_MATTER} OR {ADDRESSED})",
            f"ALTER POLICY loop_notice_scope ON loop_notice USING ({OF_MATTER})",
        ),
    ]
