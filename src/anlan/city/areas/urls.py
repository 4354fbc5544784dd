"""The addresses every map asks."""

from django.urls import path

from anlan.city.areas import pages

urlpatterns = [
    path("map/areas.json", pages.areas, name="map-areas"),
    path("map/where", pages.where, name="map-where"),
]
