"""Sessions that know whose they are (the setting SESSION_ENGINE): the row is the session, so who deletes it ends it.

Django's own store with columns derived from what the session holds, as its documentation describes; reading a session
costs no statement more than there.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from anlan.city.people.credentials import SignedIn

ABOUT = "signed_in"
"""Where a session keeps what is said of it; written by `signed_in` as somebody signs in."""


class SessionStore(db.SessionStore):
    """`row` is the session as it lay in the database when it was read; None for one that is new."""

    row: SignedIn | None = None

    @classmethod
    def get_model_class(cls) -> type[SignedIn]:
        return SignedIn

    def load(self) -> dict[str, Any]:
        key = self.session_key or ""
        # A cookie may hold what the database can't be asked for, such as NUL.
        found = SignedIn.objects.filter(session_key=key, expire_date__gt=timezone.now()) if key.isalnum() else None
        self.row = found.first() if found is not None else None
        if self.row is None:
            self._session_key = None
            return {}
        return self.decode(self.row.session_data)

    def create_model_instance(self, data: Mapping[str, Any]) -> SignedIn:
        row = cast(SignedIn, super().create_model_instance(dict(data)))
        row.seen_at = timezone.now()
        about = data.get(ABOUT)
        if about and SESSION_KEY in data:
            row.account_id = UUID(data[SESSION_KEY])
            row.handle = UUID(about["handle"])
            row.since = datetime.fromisoformat(about["since"])
            row.device, row.address, row.new_device = about["device"], about["address"], about["new_device"]
        return row
