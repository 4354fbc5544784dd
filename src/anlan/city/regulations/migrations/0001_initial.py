from django.db import migrations, models

import anlan.foundation.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [("foundation", "0001_privileges")]
    operations = [
        migrations.CreateModel(
            name="RuleVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule", models.CharField(help_text="the rule's name, such as dispatch.close", max_length=120)),
                ("starts", models.DateField()),
                ("body", models.JSONField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "starts"), name="rule_version_once_a_day"),
                    models.CheckConstraint(condition=models.Q(("rule__gt", "")), name="rule_version_named"),
                ],
            },
        ),
    ]
