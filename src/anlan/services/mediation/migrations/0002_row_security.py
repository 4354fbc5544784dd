"""What belongs to a matter is seen with it; and what may be charged hangs on the kind of organisation.

`mediation_disputegrams` has no policy: it holds nothing that can be read (see the model).
"""

from django.db import migrations

from anlan.foundation.row_security import IN_SCOPE, IS_MATTER, RowPolicy

OF_MATTER = f"{IN_SCOPE.format(area='area')} OR {IS_MATTER.format(matter='matter_id')}"
TABLES = ("dispute", "disputant", "attempt", "conflict", "consent", "choice", "fee", "servicerating")


def _as_declared(table: str, name: str, columns: str, target: str) -> migrations.RunSQL:
    """A foreign key over several columns, which Django can't declare."""
    return migrations.RunSQL(
        f"ALTER TABLE mediation_{table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES mediation_{target}",
        f"ALTER TABLE mediation_{table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("mediation", "0001_initial")]
    operations = [
        *(RowPolicy(f"mediation_{table}", OF_MATTER) for table in TABLES),
        _as_declared("feeschedule", "schedule_of_its_body", "body_id, body_type", "body (organisation_id, type)"),
        _as_declared("fee", "fee_of_its_body", "body_id, body_type", "body (organisation_id, type)"),
        _as_declared(
            "fee",
            "fee_by_its_schedule",
            "schedule_id, body_id, schedule_published_on",
            "feeschedule (id, body_id, published_on)",
        ),
    ]
