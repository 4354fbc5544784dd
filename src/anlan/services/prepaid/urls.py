"""The addresses of prepaid cards besides their part of the API."""

from django.urls import path

from anlan.services.prepaid.audit import pages as audit
from anlan.services.prepaid.colour import pages as colour_pages
from anlan.services.prepaid.counter import owner_pages
from anlan.services.prepaid.counter import pages as counter
from anlan.services.prepaid.desk import pages as desk
from anlan.services.prepaid.wallet import buying_pages, pages, refund_pages

urlpatterns = [
    path("prepaid/shops/<code>", colour_pages.shop_code, name="shop-code"),
    path("prepaid/shops/<code>/qr.svg", colour_pages.shop_qr, name="shop-qr"),
    path("wallet", pages.wallet, name="wallet"),
    path("wallet/buy/<code>", buying_pages.shop, name="wallet-shop"),
    path("wallet/buy/<code>/<uuid:offer>", buying_pages.offer, name="wallet-offer"),
    path("wallet/uses/<uuid:use>", pages.receipt, name="wallet-receipt"),
    path("wallet/uses/<uuid:use>/<slug:word>", pages.answer, name="wallet-answer"),
    path("wallet/cards/<uuid:card>", pages.card, name="wallet-card"),
    path("wallet/cards/<uuid:card>/code", pages.code, name="wallet-code"),
    path("wallet/cards/<uuid:card>/statement", pages.statement, name="wallet-statement"),
    path("wallet/cards/<uuid:card>/refund", refund_pages.refund, name="wallet-refund"),
    path("wallet/cards/<uuid:card>/<slug:word>", pages.act, name="wallet-act"),
    path("counter", counter.counters, name="counters"),
    path("counter/<code>", counter.today, name="counter-shop"),
    path("counter/<code>/look-up", counter.look_up, name="counter-look-up"),
    path("counter/<code>/proposals", counter.propose, name="counter-propose"),
    path("counter/<code>/uses/<uuid:use>", counter.use, name="counter-use"),
    path("counter/<code>/uses/<uuid:use>/<slug:word>", counter.act, name="counter-act"),
    path("counter/<code>/colour", owner_pages.colour, name="counter-colour"),
    path("counter/<code>/money", owner_pages.money, name="counter-money"),
    path("books", audit.trial, name="books"),
    path("books/trial-balance.csv", audit.trial_file, name="books-file"),
    path("books/prove", audit.prove, name="books-prove"),
    path("books/accounts", audit.accounts, name="books-accounts"),
    path("books/accounts/<uuid:id>", audit.account, name="books-account"),
    path("books/reconciliation", audit.reconciliation, name="books-reconciliation"),
    path("books/reconciliation/read", audit.read, name="books-read"),
    path("books/reconciliation/<uuid:id>/settle", audit.settle, name="books-settle"),
    path("prepaid", desk.shops, name="prepaid"),
    path("prepaid/shops.csv", desk.shops_file, name="prepaid-file"),
    path("prepaid/watched/<code>", desk.shop, name="prepaid-shop"),
    path("prepaid/matters", desk.matters, name="prepaid-matters"),
    path("prepaid/funnel", desk.funnel, name="prepaid-funnel"),
    path("prepaid/funnel.csv", desk.funnel_file, name="prepaid-funnel-file"),
    path("prepaid/claims", desk.claims, name="prepaid-claims"),
    path("prepaid/claims.csv", desk.claims_file, name="prepaid-claims-file"),
]
