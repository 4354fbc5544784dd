from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("foundation", "0001_privileges"),
    ]

    operations = [
        migrations.CreateModel(
            name="Topic",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("changes", models.PositiveBigIntegerField(default=1)),
            ],
        ),
    ]
