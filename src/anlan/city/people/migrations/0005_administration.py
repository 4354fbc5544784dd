from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """What administration needs: one-time passwords, units that have retired, and postings taken back at once."""

    dependencies = [("people", "0004_credentials")]
    operations = [
        migrations.AddField("account", "must_change_password", models.BooleanField(default=False, editable=False)),
        migrations.AddField("unit", "retired_on", models.DateField(blank=True, editable=False, null=True)),
        migrations.RemoveConstraint("posting", "posting_ends_after_start"),
        migrations.AddConstraint(
            "posting",
            models.CheckConstraint(condition=Q(ends=None) | Q(ends__gte=F("starts")), name="posting_ends_after_start"),
        ),
    ]
