import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import anlan.foundation.identifiers
import anlan.foundation.ltree
import anlan.foundation.sealing.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Use",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("item", models.CharField(max_length=120)),
                ("list_price", models.PositiveBigIntegerField(help_text="fen, before discount")),
                ("price", models.PositiveBigIntegerField(help_text="fen, after discount")),
                ("face", models.PositiveBigIntegerField(help_text="taken off the card")),
                ("money", models.PositiveBigIntegerField(default=0, help_text="fen paid to the merchant")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "waits for confirmation"),
                            ("confirmed", "confirmed"),
                            ("refused", "refused by the consumer"),
                            ("withdrawn", "withdrawn by the merchant"),
                            ("lapsed", "not confirmed in time"),
                        ],
                        default="proposed",
                        max_length=9,
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.UUIDField(help_text="account or till")),
                ("lapses_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_how",
                    models.CharField(
                        blank=True,
                        choices=[("tap", "one tap"), ("code", "one-time code"), ("pin", "card and PIN")],
                        max_length=4,
                    ),
                ),
                ("confirmed_by", models.UUIDField(blank=True, help_text="account; empty at the counter", null=True)),
                (
                    "transfer",
                    models.UUIDField(
                        blank=True, help_text="ledger; empty where it cost nothing", null=True, unique=True
                    ),
                ),
                ("key", models.CharField(help_text="idempotency key", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Merchant",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("credit_code", models.CharField(help_text="unified social credit code", max_length=18, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("enterprise", "enterprise"), ("other", "other operator")], max_length=10
                    ),
                ),
                (
                    "trade",
                    models.CharField(
                        choices=[
                            ("retail", "retail"),
                            ("catering", "catering"),
                            ("lodging", "accommodation"),
                            ("hair", "hair and beauty"),
                            ("fitness", "fitness"),
                            ("tutoring", "off-campus tutoring (school pupils)"),
                            ("training", "other training"),
                            ("care", "care of the elderly"),
                            ("childcare", "childcare"),
                            ("household", "household and repair services"),
                            ("other", "other trade"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "issuer",
                    models.CharField(
                        choices=[
                            ("group", "group issuer"),
                            ("brand", "brand issuer"),
                            ("scale", "scale issuer"),
                            ("small", "other issuer"),
                        ],
                        default="small",
                        max_length=5,
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField(help_text="where it is registered")),
                ("licensed_on", models.DateField()),
                ("registered_capital", models.PositiveBigIntegerField(help_text="fen", null=True)),
                ("revenue_last_year", models.PositiveBigIntegerField(help_text="fen, main business", null=True)),
                ("third_party_custody", models.BooleanField(default=False)),
                ("representative", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("contact_phone", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("payable", models.UUIDField(help_text="ledger account that confirmed uses are paid to", unique=True)),
                ("joined_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "code",
                    models.CharField(help_text="on the door and in the QR code; public", max_length=16, unique=True),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("address", models.CharField(blank=True, max_length=200)),
                ("lon", models.FloatField(blank=True, null=True)),
                ("lat", models.FloatField(blank=True, null=True)),
                ("phone", models.CharField(blank=True, help_text="of the shop; public", max_length=30)),
                ("opened_on", models.DateField()),
                ("closes_on", models.DateField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "colour",
                    models.CharField(
                        choices=[("green", "green"), ("yellow", "yellow"), ("red", "red")],
                        default="green",
                        max_length=6,
                    ),
                ),
                ("colour_since", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shops", to="prepaid.merchant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SpentToken",
            fields=[
                ("nonce", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Treasury",
            fields=[
                ("currency", models.CharField(default="CNY", max_length=3, primary_key=True, serialize=False)),
                ("bank", models.UUIDField()),
                ("refunds", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.CharField(max_length=16, unique=True)),
                ("generation", models.PositiveIntegerField(default=0)),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stored", "stored value"),
                            ("gift", "stored value with a gift"),
                            ("discount", "stored value with a discount"),
                            ("sessions", "a number of sessions"),
                            ("term", "unlimited use for a term"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for the guardian"),
                            ("active", "in use"),
                            ("frozen", "reported lost"),
                            ("closed", "closed"),
                        ],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("named", models.BooleanField(default=True)),
                ("holder_name", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("holder_phone", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("holder_phone_index", models.BinaryField(blank=True, db_index=True, max_length=32, null=True)),
                ("holder_id_number", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("guardian_name", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("guardian_phone", anlan.foundation.sealing.fields.SealedTextField(blank=True, null=True)),
                ("escrow", models.UUIDField(help_text="ledger account", unique=True)),
                ("pin", models.CharField(blank=True, help_text="hashed; empty: no PIN", max_length=128)),
                ("pin_failures", models.PositiveSmallIntegerField(default=0)),
                ("pin_locked_until", models.DateTimeField(blank=True, null=True)),
                ("made_at", models.DateTimeField()),
                ("expires_on", models.DateField(blank=True, help_text="last day of use; empty: never", null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cards", to="prepaid.merchant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConfirmationCode",
            fields=[
                (
                    "use",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="code",
                        serialize=False,
                        to="prepaid.use",
                    ),
                ),
                ("code", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="use",
            name="card",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="prepaid.card"
            ),
        ),
        migrations.AddField(
            model_name="use",
            name="holder",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="use",
            name="merchant",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.merchant"
            ),
        ),
        migrations.CreateModel(
            name="Offer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("stored", "stored value"),
                            ("gift", "stored value with a gift"),
                            ("discount", "stored value with a discount"),
                            ("sessions", "a number of sessions"),
                            ("term", "unlimited use for a term"),
                        ],
                        max_length=8,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("content", models.TextField(help_text="what is supplied, how much, of what quality")),
                ("price", models.PositiveBigIntegerField(help_text="fen")),
                ("gift", models.PositiveBigIntegerField(default=0, help_text="fen")),
                ("discount_percent", models.PositiveSmallIntegerField(default=100)),
                ("sessions", models.PositiveSmallIntegerField(default=0)),
                ("days", models.PositiveSmallIntegerField(default=0, help_text="of the term")),
                ("session_price", models.PositiveBigIntegerField(default=0, help_text="fen")),
                ("named", models.BooleanField(default=True)),
                ("valid_days", models.PositiveIntegerField(blank=True, help_text="empty: never runs out", null=True)),
                ("refund_way", models.TextField()),
                ("breach_liability", models.TextField()),
                (
                    "further_terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), blank=True, default=list, size=None
                    ),
                ),
                ("refund_at_used_price", models.BooleanField(default=False)),
                (
                    "agreed_rate",
                    models.DecimalField(blank=True, decimal_places=5, help_text="a year", max_digits=7, null=True),
                ),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="offers", to="prepaid.merchant"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        help_text="empty: all shops",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="prepaid.shop",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="card",
            name="offer",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.offer"),
        ),
        migrations.AddField(
            model_name="use",
            name="shop",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="prepaid.shop"
            ),
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("role", models.CharField(choices=[("owner", "owner"), ("cashier", "cashier")], max_length=8)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="members", to="prepaid.merchant"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        help_text="empty: all shops",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="prepaid.shop",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="card",
            name="shop",
            field=models.ForeignKey(
                help_text="where it was bought",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="cards",
                to="prepaid.shop",
            ),
        ),
        migrations.CreateModel(
            name="Taking",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("span", django.contrib.postgres.fields.ranges.DateTimeRangeField(default_bounds="[]")),
                ("stops", models.PositiveSmallIntegerField(choices=[(0, "payment"), (1, "stop")])),
                ("why", models.CharField(blank=True, max_length=200)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="takings",
                        to="prepaid.shop",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="shop",
            name="stop",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="prepaid.taking",
            ),
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="1, 2, … within the card")),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("valid", "valid"),
                            ("waiting", "waits for the guardian"),
                            ("void", "void"),
                            ("ended", "ended"),
                        ],
                        default="valid",
                        max_length=8,
                    ),
                ),
                ("paid", models.PositiveBigIntegerField(help_text="fen")),
                ("gift", models.PositiveBigIntegerField(default=0, help_text="fen")),
                ("discount_percent", models.PositiveSmallIntegerField(default=100)),
                (
                    "face",
                    models.PositiveBigIntegerField(
                        help_text="what it holds: fen, sessions or days, by the kind of card"
                    ),
                ),
                ("drawn", models.PositiveBigIntegerField(default=0)),
                ("released", models.PositiveBigIntegerField(default=0, help_text="fen paid to the merchant")),
                ("refunded", models.PositiveBigIntegerField(default=0, help_text="fen paid back to the payer")),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, help_text="last day of a term", null=True)),
                ("paid_at", models.DateTimeField()),
                (
                    "paid_by",
                    models.CharField(
                        choices=[
                            ("platform", "payment platform"),
                            ("transfer", "bank transfer"),
                            ("card", "bank card"),
                            ("cash", "cash"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "payer",
                    anlan.foundation.sealing.fields.SealedTextField(
                        blank=True, help_text="the account the money came from", null=True
                    ),
                ),
                ("transfer", models.UUIDField(help_text="ledger: the money coming in", unique=True)),
                ("refund_at_used_price", models.BooleanField(default=False)),
                (
                    "agreed_rate",
                    models.DecimalField(blank=True, decimal_places=5, help_text="a year", max_digits=7, null=True),
                ),
                ("had_before", models.BooleanField(default=False)),
                ("contract", models.JSONField(help_text="what was agreed, as it was shown")),
                ("contract_digest", models.BinaryField(max_length=32)),
                ("key", models.CharField(help_text="idempotency key", max_length=200)),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="prepaid.card"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                    "offer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prepaid.offer",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="prepaid.shop"
                    ),
                ),
                (
                    "taking",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.taking"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Till",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("key", models.BinaryField(help_text="keyed digest", max_length=32, unique=True)),
                ("made_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tills", to="prepaid.merchant"
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tills", to="prepaid.shop"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("address", models.URLField(max_length=300)),
                ("secret", anlan.foundation.sealing.fields.SealedTextField()),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="webhooks", to="prepaid.merchant"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("kind", models.CharField(max_length=40)),
                ("body", models.JSONField()),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(help_text="empty: arrived or given up", null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("last_fault", models.CharField(blank=True, max_length=200)),
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
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="prepaid.webhook"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Drawn",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("list_price", models.PositiveBigIntegerField()),
                ("price", models.PositiveBigIntegerField()),
                ("face", models.PositiveBigIntegerField()),
                ("money", models.PositiveBigIntegerField()),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "use",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="drawn", to="prepaid.use"
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="uses", to="prepaid.lot"
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prepaid.merchant",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("use", "lot"), name="prepaid_drawn_once")],
            },
        ),
        migrations.CreateModel(
            name="CardEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bought", "bought"),
                            ("topped_up", "topped up"),
                            ("consented", "guardian consented"),
                            ("voided", "contract void"),
                            ("transferred", "transferred"),
                            ("lost", "reported lost"),
                            ("found", "found again"),
                            ("reissued", "reissued"),
                            ("extended", "activated again"),
                            ("pin_set", "PIN set"),
                            ("pin_locked", "PIN locked"),
                            ("refused", "attempt refused"),
                            ("closed", "closed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by", models.UUIDField(help_text="account or till; empty: the program", null=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="prepaid.card"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="prepaid.merchant",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["card", "-at"], name="prepaid_event_of_card")],
            },
        ),
        migrations.CreateModel(
            name="RegisterEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "register",
                    models.CharField(
                        choices=[
                            ("dishonest", "judgment defaulters (失信被执行人)"),
                            ("abnormal", "abnormal operations (经营异常名录)"),
                            ("deregistering", "being deregistered (注销)"),
                            ("penalty", "administrative penalty"),
                            ("other", "other register"),
                        ],
                        max_length=14,
                    ),
                ),
                ("reference", models.CharField(help_text="the register's own number of the entry", max_length=80)),
                ("of_representative", models.BooleanField(default=False)),
                ("entered_on", models.DateField()),
                ("removed_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(max_length=200)),
                ("read_at", models.DateTimeField()),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="prepaid.merchant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("register", "reference"), name="prepaid_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("removed_on", None), ("removed_on__gte", models.F("entered_on")), _connector="OR"
                        ),
                        name="prepaid_entry_not_removed_before",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Repayment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("seven_days", "within seven days, without a reason"),
                            ("consumer", "for the consumer's reasons"),
                            ("operator", "for the merchant's reasons"),
                            ("void", "the contract is void"),
                            ("closed", "the shop has closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("principal", models.PositiveBigIntegerField()),
                ("interest", models.PositiveBigIntegerField(default=0)),
                ("from_escrow", models.PositiveBigIntegerField()),
                ("from_merchant", models.PositiveBigIntegerField(default=0)),
                ("shortfall", models.PositiveBigIntegerField(default=0)),
                ("working", models.JSONField()),
                ("at", models.DateTimeField()),
                ("by", models.UUIDField(help_text="account; empty: the program", null=True)),
                ("key", models.CharField(help_text="idempotency key", max_length=200, unique=True)),
                (
                    "card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="repayments", to="prepaid.card"
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="prepaid.merchant"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "principal",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("from_escrow"), "+", models.F("from_merchant")
                                        ),
                                        "+",
                                        models.F("shortfall"),
                                    ),
                                    "-",
                                    models.F("interest"),
                                ),
                            )
                        ),
                        name="prepaid_repayment_adds_up",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="use",
            index=models.Index(fields=["card", "-proposed_at"], name="prepaid_use_of_card"),
        ),
        migrations.AddIndex(
            model_name="use",
            index=models.Index(
                condition=models.Q(("state", "confirmed")), fields=["shop", "-settled_at"], name="prepaid_use_of_shop"
            ),
        ),
        migrations.AddIndex(
            model_name="use",
            index=models.Index(
                condition=models.Q(("state", "proposed")), fields=["lapses_at"], name="prepaid_use_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="use",
            constraint=models.UniqueConstraint(fields=("shop", "key"), name="prepaid_use_once"),
        ),
        migrations.AddConstraint(
            model_name="use",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__lte", models.F("list_price"))), name="prepaid_use_not_above_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="use",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_how__gt", ""),
                        ("settled_at__isnull", False),
                        ("state", "confirmed"),
                        models.Q(
                            models.Q(("money", 0), ("transfer", None)),
                            models.Q(("money__gt", 0), ("transfer__isnull", False)),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        models.Q(("state", "confirmed"), _negated=True),
                        ("confirmed_by", None),
                        ("confirmed_how", ""),
                        ("money", 0),
                        ("transfer", None),
                    ),
                    _connector="OR",
                ),
                name="prepaid_use_confirmed_is_posted",
            ),
        ),
        migrations.AddConstraint(
            model_name="use",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at", None), ("state", "proposed")),
                    models.Q(models.Q(("state", "proposed"), _negated=True), ("settled_at__isnull", False)),
                    _connector="OR",
                ),
                name="prepaid_use_settled_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gt", 0), ("price__lte", 1000000000000)), name="prepaid_offer_costs"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("days", 0), ("discount_percent", 100), ("gift", 0), ("kind", "stored"), ("sessions", 0)),
                    models.Q(
                        ("days", 0), ("discount_percent", 100), ("gift__gt", 0), ("kind", "gift"), ("sessions", 0)
                    ),
                    models.Q(
                        ("days", 0),
                        ("discount_percent__gt", 0),
                        ("discount_percent__lt", 100),
                        ("kind", "discount"),
                        ("sessions", 0),
                    ),
                    models.Q(
                        ("days", 0), ("gift", 0), ("kind", "sessions"), ("session_price__gt", 0), ("sessions__gt", 0)
                    ),
                    models.Q(("days__gt", 0), ("gift", 0), ("kind", "term"), ("sessions", 0)),
                    _connector="OR",
                ),
                name="prepaid_offer_fits_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("merchant", "account"),
                name="prepaid_member_once_at_a_time",
            ),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(fields=["shop", "-made_at"], name="prepaid_card_of_shop"),
        ),
        migrations.AddIndex(
            model_name="card",
            index=models.Index(fields=["holder", "-made_at"], name="prepaid_card_of_holder"),
        ),
        migrations.AddConstraint(
            model_name="card",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", False), ("state", "closed")),
                    models.Q(models.Q(("state", "closed"), _negated=True), ("closed_at", None)),
                    _connector="OR",
                ),
                name="prepaid_card_closed_has_moment",
            ),
        ),
        migrations.AddConstraint(
            model_name="taking",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("shop", "="), ("span", "&&"), ("stops", "<>")], name="prepaid_taking_not_while_stopped"
            ),
        ),
        migrations.AddConstraint(
            model_name="taking",
            constraint=models.CheckConstraint(
                condition=models.Q(("stops__in", (0, 1))), name="prepaid_taking_is_payment_or_stop"
            ),
        ),
        migrations.AddConstraint(
            model_name="taking",
            constraint=models.CheckConstraint(
                condition=models.Q(("stops", 0), ("why__gt", ""), _connector="OR"), name="prepaid_stop_says_why"
            ),
        ),
        migrations.AddIndex(
            model_name="shop",
            index=models.Index(fields=["area"], name="prepaid_shop_area"),
        ),
        migrations.AddIndex(
            model_name="shop",
            index=models.Index(
                condition=models.Q(("colour", "green"), _negated=True),
                fields=["colour", "-colour_since"],
                name="prepaid_shop_colour",
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("colour", "red"), ("stop__isnull", False)),
                    models.Q(models.Q(("colour", "red"), _negated=True), ("stop", None)),
                    _connector="OR",
                ),
                name="prepaid_red_shop_is_stopped",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(fields=["shop", "-paid_at"], name="prepaid_lot_of_shop"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("card", "number"), name="prepaid_lot_numbered"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("shop", "key"), name="prepaid_lot_once"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("face__gt", 0), ("paid__gt", 0)), name="prepaid_lot_paid"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("drawn__lte", models.F("face"))), name="prepaid_lot_not_overdrawn"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "paid__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("released"), "+", models.F("refunded")
                        ),
                    )
                ),
                name="prepaid_lot_money_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("standing", "waiting"), _negated=True), ("drawn", 0), _connector="OR"),
                name="prepaid_lot_waiting_is_unused",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("next_at__isnull", False)), fields=["next_at"], name="prepaid_delivery_due"
            ),
        ),
    ]
