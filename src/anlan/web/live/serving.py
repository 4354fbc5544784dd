"""The process of the live streams: granian around the ASGI application, and the listener, in one event loop."""

import asyncio
import os
import resource
import threading
from typing import Any

import structlog
from django.conf import settings
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from anlan.web.live.app import LiveApp

log = structlog.get_logger("anlan.web.live")
# New connections that may wait while others are being taken: all pages come back at once after a restart.
BACKLOG = 2048
# What is answered shortly, a refusal for instance, comes on top of the streams.
CONNECTIONS_BESIDE = 500
FILES_BESIDE = 200
# For closing the streams in order. A connection that does not let itself be closed must not hold up the stop, and
# nothing is lost by leaving: every reader resumes from its last event.
STOP_SECONDS = 5.0


def serve_live(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT. Every stream is closed in order then, and its reader comes back by itself."""
    allow_files(settings.ANLAN_LIVE_STREAMS + CONNECTIONS_BESIDE + FILES_BESIDE)
    asyncio.run(_serve(host, port))


def allow_files(number: int) -> None:
    """Let this process hold that many connections, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class LiveServer(Server):
    """granian in this event loop. It sets its own signal handlers as it starts: both signals arrive here."""

    def __init__(self, app: LiveApp, host: str, port: int) -> None:
        super().__init__(
            app,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            backlog=BACKLOG,
            backpressure=settings.ANLAN_LIVE_STREAMS + CONNECTIONS_BESIDE,
            websockets=False,
            log_level=LogLevels.error,
        )
        self._app = app
        self._events = asyncio.get_running_loop()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        # A handler interrupts whatever runs: the event loop is to act, and to be woken for it.
        self._events.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        late = threading.Timer(STOP_SECONDS, os._exit, (0,))
        late.daemon = True
        late.start()
        self._app.hub.end_all()
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call]  # the library's only untyped one here


async def _serve(host: str, port: int) -> None:
    app = LiveApp()
    server = LiveServer(app, host, port)
    serving, feeding = asyncio.ensure_future(server.serve()), asyncio.ensure_future(app.run())
    await asyncio.wait((serving, feeding), return_when=asyncio.FIRST_COMPLETED)
    if feeding.done():
        # Without a listener no stream is of any use: out at once, to be started anew.
        log.error("the listener failed", exc_info=feeding.exception())
        os._exit(1)
    feeding.cancel()
