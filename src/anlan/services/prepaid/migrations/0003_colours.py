import django.db.models.deletion
from django.db import migrations, models

import anlan.foundation.identifiers
from anlan.foundation.row_security import APP_ROLE, AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("prepaid", "0002_row_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Stale",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TradingDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "shop_id", "day", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                ("paid_in", models.BigIntegerField(default=0)),
                ("payments", models.IntegerField(default=0)),
                (
                    "promised",
                    models.BigIntegerField(
                        default=0, help_text="may be spent beyond what was paid: gifts and discounts"
                    ),
                ),
                ("used", models.BigIntegerField(default=0)),
                ("uses", models.IntegerField(default=0)),
                ("paid_back", models.BigIntegerField(default=0)),
                ("refunds", models.IntegerField(default=0)),
                ("declined", models.IntegerField(default=0, help_text="uses that were refused or left unconfirmed")),
                ("complaints", models.IntegerField(default=0)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ColourChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "before",
                    models.CharField(choices=[("green", "green"), ("yellow", "yellow"), ("red", "red")], max_length=6),
                ),
                (
                    "colour",
                    models.CharField(choices=[("green", "green"), ("yellow", "yellow"), ("red", "red")], max_length=6),
                ),
                ("reasons", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(help_text="holds until then", null=True)),
                ("by", models.UUIDField(help_text="account; empty: the program", null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="colour_changes", to="prepaid.shop"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["shop", "-at"], name="prepaid_change_of_shop")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("by", None), models.Q(("until__isnull", False), ("note__gt", "")), _connector="OR"
                        ),
                        name="prepaid_change_by_person_says_why",
                    )
                ],
            },
        ),
        AppendOnly("prepaid_colourchange"),
        migrations.RunSQL(
            f"REVOKE DELETE, TRUNCATE ON prepaid_tradingday FROM {APP_ROLE}",
            f"GRANT DELETE ON prepaid_tradingday TO {APP_ROLE}",
        ),
    ]
