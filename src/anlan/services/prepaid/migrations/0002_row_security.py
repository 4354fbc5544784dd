from django.db import migrations

from anlan.foundation.row_security import APP_ROLE, IN_SCOPE, AppendOnly, RowPolicy

OF_MERCHANT = (
    "coalesce(merchant_id = any(string_to_array(nullif(current_setting('app.merchants', true), ''), ',')::uuid[]), "
    "false)"
)
OF_HOLDER = "coalesce({account} = nullif(current_setting('app.reporter', true), '')::uuid, false)"
OF_AREA = IN_SCOPE.format(area="area")


class Migration(migrations.Migration):
    """Who sees a card: its holder, the merchant's staff, and whoever watches over the area. Merchants, shops and offers
    are public; what has been paid, used and paid back is never removed."""

    dependencies = [("prepaid", "0001_initial")]
    operations = [
        *(
            RowPolicy(f"prepaid_{table}", " OR ".join((OF_AREA, OF_HOLDER.format(account="holder_id"), OF_MERCHANT)))
            for table in ("card", "lot", "use", "drawn", "cardevent", "repayment")
        ),
        RowPolicy("prepaid_membership", " OR ".join((OF_HOLDER.format(account="account_id"), OF_MERCHANT))),
        *(RowPolicy(f"prepaid_{table}", " OR ".join((OF_AREA, OF_MERCHANT))) for table in ("webhook", "delivery")),
        *(AppendOnly(f"prepaid_{table}") for table in ("drawn", "cardevent", "repayment")),
        *(
            migrations.RunSQL(
                f"REVOKE DELETE, TRUNCATE ON prepaid_{table} FROM {APP_ROLE}",
                f"GRANT DELETE ON prepaid_{table} TO {APP_ROLE}",
            )
            for table in ("merchant", "shop", "taking", "offer", "card", "lot", "use", "registerentry")
        ),
    ]
