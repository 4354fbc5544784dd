from django.db import migrations, models

import anlan.foundation.ltree
from anlan.foundation.row_security import IN_SCOPE, AppendOnly, RowPolicy


class Migration(migrations.Migration):
    initial = True

    dependencies = [("areas", "0001_initial"), ("foundation", "0001_privileges")]
    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField(default=0)),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("account_id", models.UUIDField(help_text="empty: the program", null=True)),
                ("account", models.CharField(blank=True, help_text="user name", max_length=60)),
                ("role", models.CharField(max_length=16)),
                ("acted_in", anlan.foundation.ltree.LTreeField()),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("what", models.CharField(help_text="the model, such as people.unit", max_length=60)),
                ("object_id", models.CharField(max_length=80)),
                ("label", models.CharField(max_length=200)),
                ("verb", models.CharField(max_length=30)),
                ("difference", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=1000)),
                ("suite", models.PositiveSmallIntegerField(help_text="hash function")),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["what", "object_id", "-seq"], name="audit_of_object"),
                    models.Index(fields=["account", "-seq"], name="audit_by_account"),
                ],
            },
        ),
        AppendOnly("audit_auditentry"),
        RowPolicy("audit_auditentry", IN_SCOPE.format(area="area")),
    ]
