"""An area that helps finds a matter's clocks in lists, where no single matter is named."""

from django.db import migrations

from anlan.foundation.ltree import LTreeArrayField
from anlan.foundation.row_security import IN_SCOPE, IS_MATTER

OF_MATTER = f"{IN_SCOPE.format(area='area')} OR {IS_MATTER.format(matter='matter_id')}"
SHARED = IN_SCOPE.format(area="shared_with")


class Migration(migrations.Migration):
    dependencies = [("loop", "0006_board_indexes")]
    operations = [
        migrations.AddField("deadline", "shared_with", LTreeArrayField(default=list)),
        migrations.RunSQL(
            "UPDATE loop_deadline SET shared_with = loop_matter.shared_with FROM loop_matter "
            "WHERE loop_matter.id = matter_id AND loop_matter.shared_with <> '{}'",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            f"ALTER POLICY loop_deadline_scope ON loop_deadline USING ({OF_MATTER} OR {SHARED}) "
            f"WITH CHECK ({OF_MATTER} OR {SHARED})",
            f"ALTER POLICY loop_deadline_scope ON loop_deadline USING ({OF_MATTER}) WITH CHECK ({OF_MATTER})",
        ),
    ]
