"""The addresses of this service."""

from django.urls import path

from anlan.services.addressing import base_pages, batch_pages, pages, reverse_pages, review_pages

urlpatterns = [
    path("addresses", pages.look_up, name="addresses"),
    path("addresses/suggest", pages.suggestions, name="address-suggestions"),
    path("addresses/names", review_pages.names, name="address-names"),
    path("addresses/names.csv", review_pages.names_file, name="address-names-file"),
    path("addresses/position", reverse_pages.position, name="address-position"),
    path("addresses/batches", batch_pages.all_batches, name="address-batches"),
    path("addresses/batches/<uuid:batch_id>/cancel", batch_pages.cancel, name="address-batch-cancel"),
    path("addresses/batches/<uuid:batch_id>/file", batch_pages.answers, name="address-batch-file"),
    path("addresses/<code>", base_pages.address, name="address"),
    path("addresses/<code>/<slug:verb>", base_pages.change, name="change-address"),
]
