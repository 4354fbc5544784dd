from django.db import migrations, models

import anlan.foundation.identifiers


class Migration(migrations.Migration):
    """Failed attempts to sign in, for as long as they count."""

    dependencies = [("people", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="SignInFailure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.BinaryField(max_length=32)),
                ("address", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["name", "at"], name="sign_in_failure_name"),
                    models.Index(fields=["address", "at"], name="sign_in_failure_address"),
                ],
            },
        ),
    ]
