"""Structured logs: one event a line, as text for a person or as JSON for a collector.

No line names the path of a request: a path can hold a tracking code, and whoever has the code has the matter. The
program's own line for each request names the route instead (`anlan.web.middleware`).
"""

import logging
from typing import Any, Literal

import structlog


class WithoutPath(logging.Filter):
    """What Django says of a request, without where it went; the traceback of a fault stays."""

    def filter(self, record: logging.LogRecord) -> bool:
        if status := getattr(record, "status_code", None):
            record.msg, record.args = "request answered with %s", (status,)
        return True


def configuration(form: Literal["text", "json"]) -> dict[str, Any]:
    """Django's LOGGING, with the standard library's records going through the same processors."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": shared,
            }
        },
        "filters": {"without_path": {"()": WithoutPath}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "anlan": {"level": "INFO"},
            # Django's own handlers, which would write beside ours while debugging, go.
            "django": {"handlers": [], "level": "WARNING"},
            # A refused request is no event for whoever runs the program, and a fault is one.
            "django.request": {"level": "ERROR", "filters": ["without_path"]},
            "django.security.csrf": {"filters": ["without_path"]},
            # The development server's line for each request.
            "django.server": {"handlers": [], "level": "ERROR", "filters": ["without_path"], "propagate": True},
        },
    }
