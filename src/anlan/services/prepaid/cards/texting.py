"""Texts to a consumer's or a guardian's telephone, through the gateway that carries the city's codes."""

import sys
from functools import cache

from django.conf import settings

from anlan.foundation.identifiers import new_id
from anlan.loop.notice_sinks import Message, NotDelivered, Sink, sink_for
from anlan.loop.refusals import NotPossible

_CONSOLE = "console"


class ConsoleSink:
    """For a demo or a laptop: whoever runs the server reads the code there."""

    def deliver(self, message: Message) -> None:
        print(f"预付卡短信 Text for {message.phone}: {message.text}", file=sys.stderr, flush=True)


def send(phone: str, text: str, *, language: str = "zh-hans", otherwise: str) -> None:
    """Send a text now. Raises NotPossible with the words of `otherwise` where it can't be delivered."""
    try:
        _sink(settings.ANLAN_CODE_SINK).deliver(Message(str(new_id()), phone, text, language, reference="prepaid"))
    except NotDelivered as fault:
        raise NotPossible(otherwise) from fault


@cache
def _sink(address: str) -> Sink:
    return ConsoleSink() if address == _CONSOLE else sink_for(address)
