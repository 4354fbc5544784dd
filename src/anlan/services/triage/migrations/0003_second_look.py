from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("triage", "0002_models_that_learn"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondLook",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("read", models.PositiveIntegerField()),
                ("right", models.PositiveIntegerField()),
                ("judged", models.PositiveIntegerField()),
                ("found", models.JSONField()),
            ],
        ),
    ]
