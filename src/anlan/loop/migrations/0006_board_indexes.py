"""The way to what is open: a hundredth of the table once a city has run for a few years."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loop", "0005_export")]
    operations = [
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                fields=["district", "town"], name="matter_open_place", condition=models.Q(("closed_at", None))
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                fields=["area"],
                name="matter_open_shared",
                condition=models.Q(("closed_at", None), ("shared_with__empty", False)),
            ),
        ),
    ]
