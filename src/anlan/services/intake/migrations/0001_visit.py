import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import anlan.foundation.identifiers
from anlan.foundation.row_security import RowPolicy

OWN = "coalesce(account_id = nullif(current_setting('app.reporter', true), '')::uuid, false)"


class Migration(migrations.Migration):
    """When somebody last looked at a report of theirs."""

    initial = True
    dependencies = [("people", "0003_phone_code"), ("loop", "0002_row_security")]
    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "matter",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="loop.matter"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["account", "matter"], name="visit_latest")],
            },
        ),
        RowPolicy("intake_visit", OWN),
    ]
