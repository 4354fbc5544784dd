"""The pages of the category tree."""

from django.urls import path

from anlan.services.triage import category_pages as pages

urlpatterns = [
    path("administration/categories", pages.category_list, name="categories"),
    path("administration/categories/<slug>", pages.category, name="category"),
    path("administration/categories/<slug>/new", pages.new_category, name="new-category"),
]
