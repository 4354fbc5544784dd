"""The process of the live streams: granian around the ASGI application, and the listener, in one event loop."""

import asyncio
import os
import resource
import signal
import threading

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
STOP_SECONDS = 2.0


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
    """granian in this event loop."""

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

    def leave(self) -> None:
        """Close every stream and stop."""
        late = threading.Timer(STOP_SECONDS, os._exit, (0,))
        late.daemon = True
        late.start()
        self._app.hub.end_all()
        self.stop()  # type: ignore[no-untyped-call]  # the library's only untyped one here


async def _serve(host: str, port: int) -> None:
    app = LiveApp()
    server = LiveServer(app, host, port)
    # The embedded server sets no handlers of its own. One that raises, as the command line's does, would raise in the
    # middle of whatever runs, which may be a callback of the server that swallows it: then nothing would ever stop.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.leave)
    serving, feeding = asyncio.ensure_future(server.serve()), asyncio.ensure_future(app.run())
    await asyncio.wait((serving, feeding), return_when=asyncio.FIRST_COMPLETED)
    if feeding.done():
        # Without a listener no stream is of any use: out at once, to be started anew.
        log.error("the listener failed", exc_info=feeding.exception())
        os._exit(1)
    feeding.cancel()
