"""The addresses of insight."""

from django.urls import path

from anlan.insight import pages, topic_pages

urlpatterns = [
    path("overview", pages.show, name="overview"),
    path("overview.csv", pages.table, name="overview-table"),
    path("topics", topic_pages.topics, name="topics"),
    path("topics/count", topic_pages.count, name="topics-count"),
    path("topics/<uuid:topic_id>", topic_pages.topic, name="topic"),
    path("topics/<uuid:topic_id>/<slug:name>", topic_pages.decide, name="topic-decision"),
]
