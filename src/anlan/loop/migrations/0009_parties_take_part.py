"""A person of a matter other than its reporter acts by an account or a code of their own; so they must find their row."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from anlan.foundation.row_security import APP_ROLE
from anlan.foundation.sealing.fields import SealedTextField

OWN_ROW = """
    coalesce(encode(code_index, 'hex') = nullif(current_setting('app.tracking', true), ''), false)
    OR coalesce(account_id = nullif(current_setting('app.reporter', true), '')::uuid, false)
"""


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("loop", "0008_digest_of_audit")]
    operations = [
        migrations.AddField(
            "party",
            "account",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField("party", "code", SealedTextField(null=True)),
        migrations.AddField("party", "code_index", models.BinaryField(null=True, unique=True)),
        migrations.AddIndex(
            "party",
            models.Index(condition=models.Q(("account__isnull", False)), fields=["account"], name="party_by_account"),
        ),
        migrations.RunSQL(
            f"CREATE POLICY loop_party_own ON loop_party FOR SELECT TO {APP_ROLE} USING ({OWN_ROW})",
            "DROP POLICY loop_party_own ON loop_party",
        ),
    ]
