"""The pages of matters, the same for every procedure."""

from django.urls import path

from anlan.loop import export_pages, list_pages, merge_pages, notice_pages, pages

urlpatterns = [
    path("notices", notice_pages.notices, name="notices"),
    path("notices/read", notice_pages.read, name="notices-read"),
    path("matters", list_pages.matters, name="matters"),
    path("matters/by-phone", list_pages.by_phone, name="matters-by-phone"),
    path("filters", list_pages.save_filter, name="filter-save"),
    path("filters/<uuid:filter_id>/remove", list_pages.remove_filter, name="filter-remove"),
    path("exports", export_pages.all_exports, name="exports"),
    path("exports/<uuid:export_id>/cancel", export_pages.cancel, name="export-cancel"),
    path("exports/<uuid:export_id>/file", export_pages.file, name="export-file"),
    path("matters/<uuid:matter_id>", pages.matter, name="matter"),
    path("matters/<uuid:matter_id>/verbs/<slug:name>", pages.verb, name="matter-verb"),
    path("matters/<uuid:matter_id>/merge", merge_pages.merge, name="matter-merge"),
    path("matters/<uuid:matter_id>/steps/<slug:name>", pages.step, name="matter-step"),
    path("matters/<uuid:matter_id>/notes", pages.note, name="matter-note"),
    path("matters/<uuid:matter_id>/files/<uuid:attachment_id>", pages.file, name="matter-file"),
    path("matters/<uuid:matter_id>/files/<uuid:attachment_id>/small", pages.file_small, name="matter-file-small"),
    path("matters/<uuid:matter_id>/people/<uuid:party_id>/look", pages.look, name="matter-look"),
]
