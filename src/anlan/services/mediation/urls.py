"""The addresses of the dispute centre."""

from django.urls import path

from anlan.services.mediation.guide import pages as guide

urlpatterns = [
    path("guide", guide.begin, name="guide"),
    path("guide/<slug:name>", guide.step, name="guide-step"),
]
