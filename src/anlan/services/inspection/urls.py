"""The addresses of the inspection."""

from django.urls import path

from anlan.services.inspection import finding_pages as findings
from anlan.services.inspection import pages
from anlan.services.inspection import round_pages as rounds

urlpatterns = [
    path("inspection", pages.quality, name="inspection"),
    path("inspection/look", pages.look, name="inspect-now"),
    path("inspection/findings", findings.findings, name="findings"),
    path("inspection/findings.csv", findings.findings_file, name="findings-file"),
    path("inspection/findings/settle", findings.settle, name="settle-findings"),
    path("inspection/findings/reopen", findings.reopen, name="reopen-findings"),
    path("inspection/findings/<int:id>/send", findings.send, name="send-finding"),
    path("inspection/rounds", rounds.rounds, name="rounds"),
    path("inspection/rounds/new", rounds.new_round, name="new-round"),
    path("inspection/rounds/<uuid:id>", rounds.round_page, name="round"),
    path("inspection/rounds/<uuid:id>/confirm", rounds.confirm, name="confirm-round"),
    path("inspection/rounds/<uuid:id>/give-up", rounds.give_up, name="give-up-round"),
    path("inspection/checks/<uuid:id>", rounds.check_page, name="check"),
    path("inspection/checks/<uuid:id>/review", rounds.review, name="review-check"),
    path("inspection/checks/<uuid:id>/correct", rounds.correct, name="correct-check"),
]
