from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import anlan.foundation.identifiers
import anlan.foundation.sealing.fields


def _id() -> Any:
    return models.UUIDField(
        default=anlan.foundation.identifiers.new_id, editable=False, primary_key=True, serialize=False
    )


def _account(name: str, **more: Any) -> Any:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.CASCADE, related_name=name, to=settings.AUTH_USER_MODEL, **more
    )


class Migration(migrations.Migration):
    """The second factor, passkeys, and sessions that know whose they are."""

    dependencies = [("people", "0003_phone_code")]
    operations = [
        migrations.AddField("account", "generation", models.PositiveIntegerField(default=0, editable=False)),
        migrations.CreateModel(
            name="Authenticator",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="authenticator",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", anlan.foundation.sealing.fields.SealedTextField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("last_step", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", _id()),
                ("digest", models.BinaryField(max_length=32)),
                ("account", _account("recovery_codes")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once")],
            },
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", _id()),
                ("name", models.CharField(max_length=60)),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                ("public_key", models.BinaryField()),
                ("sign_count", models.BigIntegerField(default=0)),
                ("added_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("account", _account("passkeys")),
            ],
        ),
        migrations.CreateModel(
            name="SignedIn",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("handle", models.UUIDField(null=True, unique=True)),
                ("device", models.CharField(blank=True, max_length=60)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("new_device", models.BooleanField(default=False)),
                ("since", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField()),
                ("account", _account("sessions", null=True)),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
    ]
