import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import anlan.foundation.identifiers
import anlan.foundation.ltree
import anlan.foundation.sealing.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL("CREATE SEQUENCE loop_matter_number", "DROP SEQUENCE loop_matter_number"),
        migrations.CreateModel(
            name="DailyDigest",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("matters", models.PositiveBigIntegerField()),
                ("events", models.PositiveBigIntegerField()),
                ("root", models.BinaryField()),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Matter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "number",
                    models.BigIntegerField(
                        db_default=models.Func(
                            output_field=models.BigIntegerField(), template="nextval('loop_matter_number')"
                        ),
                        editable=False,
                        unique=True,
                    ),
                ),
                ("procedure", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=40)),
                (
                    "version",
                    models.PositiveIntegerField(default=1, help_text="events so far; the lock of a stale page"),
                ),
                ("head", models.BinaryField(help_text="hash of the latest event")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "web"),
                            ("code", "code"),
                            ("snap", "snap"),
                            ("hotline", "hotline"),
                            ("police", "police hand-over"),
                            ("patrol", "patrol"),
                            ("window", "window"),
                            ("court", "court"),
                            ("api", "API"),
                            ("file", "file import"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "source_id",
                    models.CharField(blank=True, help_text="its number in the system it came from", max_length=80),
                ),
                ("title", models.CharField(max_length=200)),
                ("description", models.TextField(blank=True)),
                ("klass", models.CharField(max_length=10)),
                ("category", models.CharField(max_length=60)),
                ("severity", models.PositiveSmallIntegerField()),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "district",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("area"),
                            output_field=models.CharField(max_length=17),
                            template="nullif(split_part(ltree2text(%(expressions)s), '.', 2), '')",
                        ),
                        output_field=models.CharField(max_length=17),
                    ),
                ),
                (
                    "town",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("area"),
                            output_field=models.CharField(max_length=17),
                            template="nullif(split_part(ltree2text(%(expressions)s), '.', 3), '')",
                        ),
                        output_field=models.CharField(max_length=17),
                    ),
                ),
                (
                    "community",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("area"),
                            output_field=models.CharField(max_length=17),
                            template="nullif(split_part(ltree2text(%(expressions)s), '.', 4), '')",
                        ),
                        output_field=models.CharField(max_length=17),
                    ),
                ),
                ("shared_with", anlan.foundation.ltree.LTreeArrayField(default=list)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                ("address", models.CharField(blank=True, max_length=200)),
                ("tracking_index", models.BinaryField(null=True, unique=True)),
                ("tracking", anlan.foundation.sealing.fields.SealedTextField(null=True)),
                ("returns", models.PositiveSmallIntegerField(default=0)),
                ("reopened", models.PositiveSmallIntegerField(default=0)),
                ("escalation", models.PositiveSmallIntegerField(default=0)),
                (
                    "rating",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "very dissatisfied"),
                            (2, "dissatisfied"),
                            (3, "fairly satisfied"),
                            (4, "satisfied"),
                            (5, "very satisfied"),
                        ],
                        null=True,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("solved", "solved"),
                            ("explained", "explained, nothing to be done"),
                            ("unsolved", "not solved"),
                        ],
                        max_length=10,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("state_since", models.DateTimeField()),
                ("suspended_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="loop.matter",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="loop.matter",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "responsible",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matters",
                        to="people.unit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "matter_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("seq", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        help_text="a transition of the procedure, or one of the engine's verbs", max_length=40
                    ),
                ),
                ("from_state", models.CharField(blank=True, max_length=40)),
                ("to_state", models.CharField(max_length=40)),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_role", models.CharField(blank=True, max_length=16)),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("data", models.JSONField()),
                ("suite", models.PositiveSmallIntegerField(help_text="which hash function")),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
                (
                    "matter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="loop.matter",
                    ),
                ),
            ],
            options={
                "ordering": ["matter_id", "seq"],
            },
        ),
        migrations.CreateModel(
            name="Deadline",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("name", models.CharField(max_length=40)),
                ("rule", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("statutory", "statutory"),
                            ("local_policy", "local policy"),
                            ("service_target", "service target"),
                            ("setting", "house setting"),
                        ],
                        max_length=16,
                    ),
                ),
                ("source", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "provisional",
                    models.BooleanField(default=False, help_text="counts days whose holidays are not yet published"),
                ),
                ("held_since", models.DateTimeField(help_text="suspended since", null=True)),
                ("extensions", models.PositiveSmallIntegerField(default=0)),
                ("missed_at", models.DateTimeField(help_text="when the sweep found it overdue", null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("met", models.BooleanField(help_text="how it ended: fulfilled, or no longer owed", null=True)),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deadlines", to="loop.matter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("digest", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=120)),
                ("media_type", models.CharField(max_length=80)),
                ("size", models.PositiveBigIntegerField()),
                (
                    "evidence",
                    models.BooleanField(default=False, help_text="kept byte for byte, location data included"),
                ),
                ("added_at", models.DateTimeField()),
                ("event_seq", models.PositiveIntegerField()),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="attachments", to="loop.matter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Party",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "part",
                    models.CharField(
                        choices=[("reporter", "reporter"), ("affected", "affected"), ("other", "other")], max_length=10
                    ),
                ),
                ("name", anlan.foundation.sealing.fields.SealedTextField(null=True)),
                ("phone", anlan.foundation.sealing.fields.SealedTextField(null=True)),
                ("phone_index", models.BinaryField(null=True)),
                ("address", anlan.foundation.sealing.fields.SealedTextField(null=True)),
                ("language", models.CharField(default="zh-hans", max_length=10)),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parties", to="loop.matter"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                (
                    "to",
                    models.CharField(
                        choices=[
                            ("reporters", "all reporters"),
                            ("reporter", "reporter"),
                            ("unit", "unit"),
                            ("desk", "command centre"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "desk",
                    models.CharField(
                        blank=True, help_text="path of the area whose command centre is told", max_length=80
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("event_seq", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "waiting"), ("sent", "sent"), ("failed", "given up")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notices", to="loop.matter"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="people.unit"
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="loop.party"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("account_id", models.UUIDField()),
                ("role", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("purpose", models.CharField(max_length=200)),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="looks", to="loop.matter"
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="looks", to="loop.party"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("key", models.BinaryField(help_text="digest of sender and key", primary_key=True, serialize=False)),
                ("body", models.BinaryField(help_text="digest of what was sent")),
                ("area", anlan.foundation.ltree.LTreeField()),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "matter",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="loop.matter"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(fields=["-opened_at"], name="matter_newest"),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(fields=["district", "-opened_at"], name="matter_newest_district"),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(fields=["town", "-opened_at"], name="matter_newest_town"),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(fields=["community", "-opened_at"], name="matter_newest_community"),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("closed_at", None), ("unit__isnull", False)), fields=["unit"], name="matter_in_hand"
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("reporter__isnull", False)), fields=["reporter"], name="matter_reported_by"
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("parent__isnull", False)), fields=["parent"], name="matter_children"
            ),
        ),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="matter_merged"
            ),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating", None), ("rating__range", (1, 5)), _connector="OR"),
                name="matter_rating_five_levels",
            ),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__range", (1, 4))), name="matter_severity_four"
            ),
        ),
        migrations.AddConstraint(
            model_name="matter",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True), name="matter_not_merged_into_itself"
            ),
        ),
        migrations.AddIndex(
            model_name="deadline",
            index=models.Index(
                condition=models.Q(("ended_at", None), ("held_since", None), ("missed_at", None)),
                fields=["due_at"],
                name="deadline_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("matter", "name"), name="deadline_runs_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="deadline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("met", None)),
                    models.Q(("ended_at__isnull", False), ("met__isnull", False)),
                    _connector="OR",
                ),
                name="deadline_end_is_explained",
            ),
        ),
        migrations.AddIndex(
            model_name="party",
            index=models.Index(
                condition=models.Q(("phone_index__isnull", False)), fields=["phone_index"], name="party_by_phone"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["due_at"], name="notice_waiting"),
        ),
    ]
