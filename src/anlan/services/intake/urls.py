"""The addresses of intake besides its part of the API."""

from django.urls import include, path

from anlan.services.intake import account_pages, open311, pages, tracking_pages

urlpatterns = [
    path("", pages.first, name="first"),
    path("report", pages.begin, name="report"),
    path("report/<uuid:key>/what", pages.what, name="report-what"),
    path("report/<uuid:key>/where", pages.where, name="report-where"),
    path("report/<uuid:key>/send", pages.send, name="report-send"),
    path("account", account_pages.reports, name="account"),
    path("account/claim", account_pages.claim, name="account-claim"),
    path("account/data", account_pages.data, name="account-data"),
    path("account/data/export", account_pages.export, name="account-export"),
    path("account/delete", account_pages.delete, name="account-delete"),
    path("track", tracking_pages.enter_code, name="enter-code"),
    path("t/<code>", tracking_pages.track, name="track"),
    path("t/<code>/receipt", tracking_pages.receipt, name="receipt"),
    path("t/<code>/qr.svg", tracking_pages.picture, name="receipt-picture"),
    path("t/<code>/files/<uuid:attachment_id>", tracking_pages.file, name="track-file"),
    path(open311.PREFIX, include(open311)),
]
