import django.db.models.functions.datetime
from django.db import migrations, models

import anlan.foundation.ltree
import anlan.loop.models
from anlan.foundation.row_security import APP_ROLE, IN_SCOPE, IS_MATTER, RowPolicy

UNIT = "coalesce({unit} = any(string_to_array(nullif(current_setting('app.units', true), ''), ',')::uuid[]), false)"
# As on matters; besides, whoever the change took the matter from hears of it a last time.
ANNOUNCEMENT = " OR ".join(
    (
        IN_SCOPE.format(area="area"),
        IN_SCOPE.format(area="shared_with"),
        IN_SCOPE.format(area="left_areas"),
        IS_MATTER.format(matter="matter_id"),
        UNIT.format(unit="unit_id"),
        UNIT.format(unit="left_unit_id"),
        "coalesce(reporter_id = nullif(current_setting('app.reporter', true), '')::uuid, false)",
        "coalesce(encode(tracking_index, 'hex') = nullif(current_setting('app.tracking', true), ''), false)",
    )
)


class Migration(migrations.Migration):
    dependencies = [("loop", "0002_row_security")]
    operations = [
        migrations.CreateModel(
            name="Announcement",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "transaction",
                        "matter_id",
                        "version",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "transaction",
                    anlan.loop.models.TransactionField(
                        db_default=models.Func(
                            output_field=anlan.loop.models.TransactionField(), template="pg_current_xact_id()"
                        ),
                        editable=False,
                    ),
                ),
                ("matter_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("shared_with", anlan.foundation.ltree.LTreeArrayField(default=list)),
                ("unit_id", models.UUIDField(null=True)),
                ("reporter_id", models.UUIDField(null=True)),
                ("tracking_index", models.BinaryField(null=True)),
                ("left_areas", anlan.foundation.ltree.LTreeArrayField(default=list)),
                ("left_unit_id", models.UUIDField(null=True)),
                ("kind", models.CharField(help_text="the latest event's", max_length=40)),
                ("state", models.CharField(max_length=40)),
            ],
        ),
        RowPolicy("loop_announcement", ANNOUNCEMENT),
        migrations.RunSQL(
            f"REVOKE UPDATE, TRUNCATE ON loop_announcement FROM {APP_ROLE}",
            f"GRANT UPDATE ON loop_announcement TO {APP_ROLE}",
        ),
    ]
