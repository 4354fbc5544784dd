from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """The constraint is called what it holds since postings may end on the day they start."""

    dependencies = [("people", "0005_administration")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE people_posting RENAME CONSTRAINT posting_ends_after_start TO posting_not_over_before_it_starts",
            "ALTER TABLE people_posting RENAME CONSTRAINT posting_not_over_before_it_starts TO posting_ends_after_start",
            state_operations=[
                migrations.RemoveConstraint("posting", "posting_ends_after_start"),
                migrations.AddConstraint(
                    "posting",
                    models.CheckConstraint(
                        condition=Q(ends=None) | Q(ends__gte=F("starts")), name="posting_not_over_before_it_starts"
                    ),
                ),
            ],
        ),
    ]
