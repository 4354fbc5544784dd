import django.db.models.deletion
from django.db import migrations, models

import anlan.foundation.identifiers
import anlan.foundation.ltree
from anlan.foundation.row_security import APP_ROLE, IN_SCOPE, AppendOnly, RowPolicy

OF_AREA = IN_SCOPE.format(area="area")
OF_MERCHANT = (
    "coalesce(merchant_id = any(string_to_array(nullif(current_setting('app.merchants', true), ''), ',')::uuid[]), "
    "false)"
)


class Migration(migrations.Migration):
    """Matters about shops, what holders are told of a closing, and the nights in which all shops were judged."""

    dependencies = [
        ("loop", "0009_parties_take_part"),
        ("prepaid", "0003_colours"),
    ]

    operations = [
        migrations.CreateModel(
            name="NightlyJudging",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("changed", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="HolderNotice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "about",
                    models.CharField(
                        choices=[("closing", "the shop will close"), ("repaid", "paid back after the closing")],
                        max_length=7,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(help_text="empty: arrived or given up", null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="prepaid.card"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="prepaid_notice_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("card", "about"), name="prepaid_holder_told_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShopMatter",
            fields=[
                (
                    "matter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="loop.matter",
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("complaint", "complaint"),
                            ("warning", "warning"),
                            ("appeal", "appeal"),
                            ("closing", "closing"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "signal",
                    models.CharField(
                        choices=[
                            ("rules", "indicators and thresholds"),
                            ("model", "the model"),
                            ("person", "a person"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "reasons",
                    models.JSONField(default=list, help_text="as the colour's: indicator, value, threshold"),
                ),
                ("opened_at", models.DateTimeField()),
                ("carried_out", models.PositiveIntegerField(default=0)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prepaid.merchant",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="matters", to="prepaid.shop"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "-opened_at"], name="prepaid_matter_of_kind")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None), models.Q(("kind", "complaint"), _negated=True)),
                        fields=("shop", "kind"),
                        name="prepaid_one_open_matter_of_kind",
                    )
                ],
            },
        ),
        AppendOnly("prepaid_nightlyjudging"),
        RowPolicy("prepaid_shopmatter", f"{OF_AREA} OR {OF_MERCHANT}"),
        RowPolicy("prepaid_holdernotice", OF_AREA),
        *(
            migrations.RunSQL(
                f"REVOKE DELETE, TRUNCATE ON prepaid_{table} FROM {APP_ROLE}",
                f"GRANT DELETE ON prepaid_{table} TO {APP_ROLE}",
            )
            for table in ("shopmatter", "holdernotice")
        ),
    ]
