"""Entering merchants, shops, staff and registers' entries."""

import secrets
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.city.audit.recording import changing
from anlan.city.people.access import SUPERVISOR, Actor, Role, covers
from anlan.city.people.models import Account
from anlan.ledger.actions import NewAccount, open_accounts
from anlan.loop import clock
from anlan.loop.queries import path_of
from anlan.loop.refusals import BadInput, NotAllowed, NotPossible, Unknown
from anlan.services.prepaid.access import at_counter
from anlan.services.prepaid.merchants.models import Membership, Merchant, RegisterEntry, Shop, Treasury
from anlan.services.prepaid.merchants.schemas import EntryIn, Hiring, MerchantIn, ShopIn

REGULATORS = SUPERVISOR | Role.DISPATCHER | Role.ADMINISTRATOR | Role.SYSTEM
"""Who enters merchants, each in their own area."""
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 10


def treasury(currency: str = "CNY") -> Treasury:
    """The ledger's accounts of nobody, opened when first asked for."""
    found = Treasury.objects.filter(currency=currency).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            bank, refunds = open_accounts(
                [
                    NewAccount(kind="bank", name="存管银行", currency=currency, may_overdraw=True),
                    NewAccount(kind="refunds", name="待付退款", currency=currency),
                ]
            )
            return Treasury.objects.create(currency=currency, bank=bank, refunds=refunds)
    except IntegrityError:
        # Somebody opened them in the same moment.
        return Treasury.objects.get(currency=currency)


def register(given: MerchantIn, *, by: Actor) -> Merchant:
    """Enter a merchant. Raises BadInput for an unknown area or a code that is there already, NotAllowed."""
    area = path_of(given.area, "area")
    require_over(by, area)
    told = given.model_dump(exclude={"area"})
    merchant = Merchant(**told, area=area, joined_at=clock.now())
    try:
        with changing(merchant, verb="register", by=by, area=area):
            (merchant.payable,) = open_accounts([NewAccount(kind="merchant", name=given.name)])
            merchant.save()
    except IntegrityError as error:
        raise BadInput(_("a merchant with this credit code is there already"), field="credit_code") from error
    return merchant


def add_shop(merchant: Merchant, given: ShopIn, *, by: Actor) -> Shop:
    """Enter a shop of a merchant, green until something is known of it. Raises BadInput, NotAllowed."""
    area = path_of(given.area, "area")
    require_over(by, area)
    told = given.model_dump(exclude={"area"})
    code = "".join(secrets.choice(_CODE_ALPHABET) for _place in range(_CODE_LENGTH))
    shop = Shop(**told, merchant=merchant, area=area, code=code, colour_since=clock.now())
    with changing(shop, verb="add", by=by, area=area):
        shop.save()
    return shop


def announce_closing(shop: Shop, last_day: date, *, by: Actor, reason: str) -> Shop:
    """Say that a shop will close: from now on it takes no money ahead. Raises BadInput for a past day, NotAllowed."""
    require_over(by, shop.area)
    if last_day < clock.today():
        raise BadInput(_("the last day lies in the past"), field="last_day")
    with changing(shop, verb="announce-closing", by=by, area=shop.area, reason=reason):
        shop.closes_on = last_day
        shop.save(update_fields=["closes_on"])
    return shop


def enter(merchant: Merchant, given: EntryIn) -> RegisterEntry:
    """Keep what a register says; the same entry again only brings it up to date. Raises BadInput."""
    if given.removed_on is not None and given.removed_on < given.entered_on:
        raise BadInput(_("removed before it was entered"), field="removed_on")
    told = given.model_dump(exclude={"register_name", "reference"})
    entry, _made = RegisterEntry.objects.update_or_create(
        register=given.register_name,
        reference=given.reference,
        defaults={**told, "merchant": merchant, "read_at": clock.now()},
    )
    return entry


def hire(merchant: Merchant, given: Hiring) -> Membership:
    """Let an account work at the merchant's counter. For a caller who may: its owner, or the program.

    Raises Unknown for no such account or shop, NotPossible where it works there already.
    """
    account = Account.objects.filter(username=given.username, is_active=True).first()
    if account is None:
        raise Unknown(_("there is no such account"), field="username")
    if given.shop is not None and not merchant.shops.filter(id=given.shop).exists():
        raise Unknown(_("the merchant has no such shop"), field="shop")
    try:
        with at_counter(merchant.id):
            return Membership.objects.create(
                merchant=merchant, shop_id=given.shop, account=account, role=given.role, since=clock.now()
            )
    except IntegrityError as error:
        raise NotPossible(_("this account works for the merchant already"), field="username") from error


def dismiss(merchant: Merchant, account: UUID) -> None:
    """End somebody's work at the counter. Raises Unknown, and NotPossible for the last owner."""
    with at_counter(merchant.id):
        current = Membership.objects.select_for_update().filter(merchant=merchant, until=None)
        member = current.filter(account_id=account).first()
        if member is None:
            raise Unknown(_("this account does not work for the merchant"))
        others = current.filter(role=Membership.Role.OWNER).exclude(id=member.id)
        if member.role == Membership.Role.OWNER and not others.exists():
            raise NotPossible(_("the last owner can't be dismissed"))
        member.until = clock.now()
        member.save(update_fields=["until"])


def require_over(by: Actor, area: str) -> None:
    """Refuse whoever does not watch over this area. Raises NotAllowed."""
    if not any(held.role in REGULATORS and covers(held.area, area) for held in by.held):
        raise NotAllowed(_("that area is not yours"))
