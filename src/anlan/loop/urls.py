"""The pages of matters, the same for every procedure."""

from django.urls import path

from anlan.loop import pages

urlpatterns = [
    path("matters/<uuid:matter_id>", pages.matter, name="matter"),
    path("matters/<uuid:matter_id>/steps/<slug:name>", pages.step, name="matter-step"),
    path("matters/<uuid:matter_id>/notes", pages.note, name="matter-note"),
    path("matters/<uuid:matter_id>/files/<uuid:attachment_id>", pages.file, name="matter-file"),
    path("matters/<uuid:matter_id>/people/<uuid:party_id>/look", pages.look, name="matter-look"),
]
