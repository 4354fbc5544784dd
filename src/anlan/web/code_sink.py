"""Where the codes for residents' telephones leave the house: a gateway, a folder, or the console of the server."""

import functools
import sys

from anlan.loop.notice_sinks import Message, Sink, sink_for

CONSOLE = "console"


class ConsoleSink:
    """For a demo or a laptop: whoever runs the server reads the code there. Never in production: it shows the code."""

    def deliver(self, message: Message) -> None:
        print(f"验证码短信 Code for {message.phone}: {message.text}", file=sys.stderr, flush=True)


@functools.cache
def code_sink(address: str) -> Sink:
    """The sink that the setting `ANLAN_CODE_SINK` names: `console`, or what a notice's may be."""
    return ConsoleSink() if address == CONSOLE else sink_for(address)
