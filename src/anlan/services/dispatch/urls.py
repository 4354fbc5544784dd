"""The pages of dispatch: the desk's board and the responder's tasks."""

from django.urls import path

from anlan.services.dispatch import phone_app, route_pages, task_pages
from anlan.services.dispatch.board import bulk_pages as bulk
from anlan.services.dispatch.board import pages as board

urlpatterns = [
    path("board", board.command_board, name="board"),
    path("board/search", board.search, name="board-search"),
    path("board/points", board.points, name="board-points"),
    path("board/wall", board.wall, name="board-wall"),
    path("board/bulk", bulk.bulk, name="board-bulk"),
    path("board/bulk/<slug:name>", bulk.bulk_deed, name="board-bulk-deed"),
    path("board/<uuid:matter_id>/steps/<slug:name>", board.board_step, name="board-step"),
    path("board/<uuid:matter_id>/place", board.board_place, name="board-place"),
    path("administration/routes", route_pages.route_list, name="routes"),
    path("administration/routes/new", route_pages.new_route, name="new-route"),
    path("administration/routes/<uuid:id>", route_pages.route, name="route"),
    path("administration/routes/<uuid:id>/remove", route_pages.remove, name="remove-route"),
    path("tasks", task_pages.my_tasks, name="tasks"),
    path("tasks/duty", task_pages.duty, name="duty"),
    path("tasks/position", task_pages.position, name="tasks-position"),
    path("tasks/offline", phone_app.offline, name="tasks-offline"),
    path("tasks/<uuid:matter_id>/steps/<slug:name>", task_pages.task_step, name="task-step"),
    path("manifest.webmanifest", phone_app.manifest, name="manifest"),
    path("icons/<slug:name>.png", phone_app.icon, name="phone-icon"),
    path("sw.js", phone_app.service_worker, name="service-worker"),
]
