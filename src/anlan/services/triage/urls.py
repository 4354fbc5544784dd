"""The pages of the category tree, of what triage learns, and of help with a report's words."""

from django.urls import path

from anlan.services.triage import category_pages as pages
from anlan.services.triage.language import pages as language
from anlan.services.triage.review import pages as review

urlpatterns = [
    path("administration/categories", pages.category_list, name="categories"),
    path("administration/categories/<slug>", pages.category, name="category"),
    path("administration/categories/<slug>/new", pages.new_category, name="new-category"),
    path("triage/learning", review.learning, name="triage-learning"),
    path("triage/learning.csv", review.table, name="triage-learning-table"),
    path("triage/learning/models/<int:id>", review.model, name="triage-model"),
    path("triage/learning/models/<int:id>/serve", review.serve, name="triage-model-serve"),
    path("triage/learning/heads/<slug:head>/back", review.back, name="triage-model-back"),
    path("triage/matters/<uuid:matter_id>/words", language.words, name="matter-words"),
]
