import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import anlan.foundation.identifiers


def _id() -> "models.UUIDField[uuid.UUID, uuid.UUID]":
    return models.UUIDField(
        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
    )


class Migration(migrations.Migration):
    """Residents sign in by a code sent to their telephone, or by a provider outside."""

    dependencies = [("people", "0002_sign_in_failure")]
    operations = [
        migrations.AddField(
            "account",
            "kind",
            models.CharField(choices=[("staff", "staff"), ("resident", "resident")], default="staff", max_length=8),
        ),
        migrations.AddConstraint(
            "account",
            models.UniqueConstraint(
                fields=["phone_index"], condition=Q(kind="resident"), name="one_resident_a_telephone"
            ),
        ),
        migrations.AddConstraint(
            "account",
            models.CheckConstraint(
                name="resident_administers_nothing",
                condition=~Q(kind="resident") | Q(is_staff=False, is_superuser=False),
            ),
        ),
        migrations.CreateModel(
            name="PhoneCode",
            fields=[
                ("id", _id()),
                ("phone", models.BinaryField(max_length=16)),
                ("address", models.BinaryField(max_length=32)),
                ("code", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["phone", "at"], name="phone_code_phone"),
                    models.Index(fields=["address", "at"], name="phone_code_address"),
                    models.Index(fields=["at"], name="phone_code_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExternalIdentity",
            fields=[
                ("id", _id()),
                ("issuer", models.URLField(max_length=300)),
                (
                    "subject",
                    models.BinaryField(help_text="keyed digest; some providers use an identity number", max_length=32),
                ),
                ("linked_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["issuer", "subject"], name="external_identity_once")],
            },
        ),
    ]
