import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("foundation", "0001_privileges")]
    operations = [
        migrations.CreateModel(
            name="CategoryChange",
            fields=[
                ("slug", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("zh", models.CharField(blank=True, max_length=40)),
                ("en", models.CharField(blank=True, max_length=80)),
                ("department", models.CharField(blank=True, max_length=40)),
                (
                    "skills",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30), blank=True, null=True, size=None
                    ),
                ),
                (
                    "klass",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("police", "police"),
                            ("urgent", "urgent, not police"),
                            ("ordinary", "not urgent"),
                            ("inquiry", "inquiry"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        blank=True, choices=[(4, "red"), (3, "orange"), (2, "yellow"), (1, "blue")], null=True
                    ),
                ),
                (
                    "keywords",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, null=True, size=None
                    ),
                ),
                ("off", models.BooleanField(default=False, help_text="for new reports")),
                ("own", models.BooleanField(default=False, help_text="added by the city")),
            ],
        ),
    ]
