"""The consumer's word on a proposed use: one tap when signed in, a code sent to the telephone, or the card's PIN."""

import secrets
import unicodedata
from typing import Final
from uuid import UUID

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from anlan.city.people.access import Actor, scope_of, scoped, system
from anlan.loop import clock
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Refused, Unknown
from anlan.services.prepaid.access import Counter, as_holder, at_counter, holder
from anlan.services.prepaid.cards import pins, texting
from anlan.services.prepaid.cards.history import refused
from anlan.services.prepaid.cards.models import Card, ConfirmationCode, Use
from anlan.services.prepaid.cards.schemas import CounterConfirmation
from anlan.services.prepaid.cards.using import close, require_usable, settle
from anlan.services.prepaid.figures import end_of, figure

_DIGITS: Final = 6


def confirm(use: UUID, *, by: Actor) -> Use:
    """Confirm by one tap. Tapped twice, or on two telephones at once, it is booked once and told again.

    Raises Unknown for somebody else's, NotPossible where it can't be confirmed any more.
    """
    account = holder(by)
    try:
        with as_holder(account):
            own = Use.objects.filter(id=use, holder_id=account).first()
            if own is None:
                raise Unknown(_("there is no such proposal on your cards"))
            Card.objects.select_for_update(of=("self",)).get(id=own.card_id)
            own.refresh_from_db()
            if own.state == Use.State.CONFIRMED and own.confirmed_by == account:
                return own
            return settle(use, Use.How.TAP, by=account)
    except Refused as refusal:
        _write_down(use, account, "tap", refusal)
        raise


def decline(use: UUID, *, by: Actor) -> Use:
    """Refuse a proposal. Raises Unknown, NotPossible where it is settled."""
    account = holder(by)
    with as_holder(account):
        own = Use.objects.select_for_update(of=("self",)).filter(id=use, holder_id=account).first()
        if own is None:
            raise Unknown(_("there is no such proposal on your cards"))
        return close(own, Use.State.REFUSED)


def send_code(use: UUID, *, counter: Counter) -> None:
    """Send the holder a code for this one use; a new one makes the one before worthless.

    Raises Unknown, NotPossible without a telephone, or where the proposal is settled or a code has just been sent.
    """
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    with at_counter(counter.merchant):
        found = _waiting(use, counter)
        require_usable(found.card)
        if not found.card.holder_phone:
            raise NotPossible(_("no telephone is known for this card"))
        now = clock.now()
        before = ConfirmationCode.objects.filter(use=found).first()
        if before is not None and end_of("code_valid", before.at) > now:
            raise NotPossible(_("a code has just been sent"))
        ConfirmationCode.objects.update_or_create(
            use=found, defaults={"code": _digest(found.id, code), "at": now, "tries": 0}
        )
    words = _("%(code)s confirms %(item)s for %(yuan)s yuan at %(shop)s. Tell it only if you agree.")
    told = {"code": code, "item": found.item, "yuan": f"{found.price / 100:.2f}", "shop": found.shop.name}
    try:
        texting.send(found.card.holder_phone or "", words % told, otherwise=_("the text can't be sent now"))
    except NotPossible:
        with at_counter(counter.merchant):
            ConfirmationCode.objects.filter(use=found).delete()
        raise


def confirm_at_counter(use: UUID, given: CounterConfirmation, *, counter: Counter) -> Use:
    """Confirm with the code or the PIN that the consumer types at the counter.

    Raises BadInput without exactly one of them, NotAllowed for a wrong one, NotPossible while the PIN is locked, after
    too many tries, or where the proposal is settled; Unknown.
    """
    if bool(given.code) == bool(given.pin):
        raise BadInput(_("type the code or the PIN, one of the two"), field="code")
    with at_counter(counter.merchant):
        found = _waiting(use, counter)
    how = Use.How.CODE if given.code else Use.How.PIN
    if given.code:
        _prove_code(found, given.code, counter)
    else:
        pins.prove(found.card, _bare(given.pin), counter=counter)
    with at_counter(counter.merchant):
        return settle(use, how, by=None)


def _waiting(use: UUID, counter: Counter) -> Use:
    found = Use.objects.select_related("card", "shop").filter(id=use).first()
    if found is None or not counter.serves(found.merchant_id, found.shop_id):
        raise Unknown(_("there is no such proposal here"))
    if found.state != Use.State.PROPOSED:
        raise NotPossible(_("this proposal is settled already"))
    return found


def _prove_code(use: Use, typed: str, counter: Counter) -> None:
    """Is this the code that was sent? The try is counted before it is looked at, in a transaction of its own."""
    now = clock.now()
    with at_counter(counter.merchant):
        most = figure("code_tries", clock.local(now).date())
        alive = ConfirmationCode.objects.filter(use=use, tries__lt=most)
        counted = alive.update(tries=F("tries") + 1)
        sent = ConfirmationCode.objects.filter(use=use).first()
    if sent is None or not counted or end_of("code_valid", sent.at) <= now:
        refused(use.card, counter.by, attempt="code", why="none or too many tries")
        raise NotPossible(_("the code has run out or was tried too often; send a new one"), field="code")
    if not constant_time_compare(bytes(sent.code), _digest(use.id, _bare(typed))):
        refused(use.card, counter.by, attempt="code", why="wrong")
        raise NotAllowed(_("the code is wrong"), field="code")


def _bare(typed: str) -> str:
    # Chinese input methods write full-width digits.
    return "".join(unicodedata.normalize("NFKC", typed).split())


def _digest(use: UUID, code: str) -> bytes:
    return salted_hmac(f"anlan.prepaid.code.{use}", code, algorithm="sha256").digest()


def _write_down(use: UUID, account: UUID, attempt: str, refusal: Refused) -> None:
    with scoped(scope_of(system())):
        found = Use.objects.select_related("card").filter(id=use).first()
    refused(found.card if found else None, account, attempt=attempt, why=refusal.code)
