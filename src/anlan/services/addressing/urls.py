"""The addresses of this service."""

from django.urls import path

from anlan.services.addressing import pages

urlpatterns = [
    path("addresses", pages.look_up, name="addresses"),
    path("addresses/suggest", pages.suggestions, name="address-suggestions"),
]
