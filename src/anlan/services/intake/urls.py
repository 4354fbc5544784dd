"""The addresses of intake besides its part of the API."""

from django.urls import include, path

from anlan.services.intake import open311

urlpatterns = [path(open311.PREFIX, include(open311))]
