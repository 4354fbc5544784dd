"""A day's digest covers the audit log too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0007_shared_clocks")]
    operations = [
        migrations.AddField(
            "dailydigest",
            "entries",
            models.PositiveBigIntegerField(
                help_text="of the audit log; empty: made before it was part of the digest", null=True
            ),
        )
    ]
