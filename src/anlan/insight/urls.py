"""The addresses of insight."""

from django.urls import path

from anlan.insight import pages

urlpatterns = [
    path("overview", pages.show, name="overview"),
    path("overview.csv", pages.table, name="overview-table"),
]
