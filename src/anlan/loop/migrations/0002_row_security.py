from django.db import migrations

from anlan.foundation.row_security import IN_SCOPE, IS_MATTER, AppendOnly, RowPolicy

MATTER = " OR ".join(
    (
        IN_SCOPE.format(area="area"),
        IN_SCOPE.format(area="shared_with"),
        IS_MATTER.format(matter="id"),
        "coalesce(unit_id = any(string_to_array(nullif(current_setting('app.units', true), ''), ',')::uuid[]), false)",
        "coalesce(reporter_id = nullif(current_setting('app.reporter', true), '')::uuid, false)",
        "coalesce(encode(tracking_index, 'hex') = nullif(current_setting('app.tracking', true), ''), false)",
    )
)
OF_MATTER = f"{IN_SCOPE.format(area='area')} OR {IS_MATTER.format(matter='matter_id')}"


class Migration(migrations.Migration):
    dependencies = [("loop", "0001_initial")]
    operations = [
        RowPolicy("loop_matter", MATTER),
        *(
            RowPolicy(f"loop_{table}", OF_MATTER)
            for table in ("event", "deadline", "party", "look", "attachment", "notice")
        ),
        AppendOnly("loop_event"),
        AppendOnly("loop_look"),
        AppendOnly("loop_submission"),
        AppendOnly("loop_dailydigest"),
    ]
