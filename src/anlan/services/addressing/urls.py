"""The addresses of this service."""

from django.urls import path

from anlan.services.addressing import base_pages, pages, review_pages

urlpatterns = [
    path("addresses", pages.look_up, name="addresses"),
    path("addresses/suggest", pages.suggestions, name="address-suggestions"),
    path("addresses/names", review_pages.names, name="address-names"),
    path("addresses/names.csv", review_pages.names_file, name="address-names-file"),
    path("addresses/<code>", base_pages.address, name="address"),
    path("addresses/<code>/<slug:verb>", base_pages.change, name="change-address"),
]
