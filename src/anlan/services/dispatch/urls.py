"""The pages of dispatch: the desk's board and the responder's tasks."""

from django.urls import path

from anlan.services.dispatch import pages

urlpatterns = [
    path("board", pages.command_board, name="board"),
    path("board/<uuid:matter_id>/steps/<slug:name>", pages.board_step, name="board-step"),
    path("tasks", pages.my_tasks, name="tasks"),
    path("tasks/duty", pages.duty, name="duty"),
    path("tasks/<uuid:matter_id>/steps/<slug:name>", pages.task_step, name="task-step"),
]
