"""Many readers of live streams in one process; run as a program: HOST PORT, and one request head per line of input.

It prints `open` once every stream has begun, reads on until its input has a line `over`, and prints as JSON when each
event (matter and version) reached the last stream, by the machine's monotonic clock, and how many streams it reached.
"""

import asyncio
import functools
import json
import re
import sys
import time

_EVENT = re.compile(rb'"matter": "([0-9a-f-]{36})", "version": (\d+)')


class Reader(asyncio.Protocol):
    """One stream: what is cut in two by the network is put together again."""

    def __init__(self, head: bytes, crowd: "Crowd") -> None:
        self._head, self._crowd, self._rest = head, crowd, b""
        self._begun = self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._head)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        text = self._rest + data
        if not self._begun:
            self._begun = True
            if not text.startswith(b"HTTP/1.1 200"):
                self._crowd.refused(text)
        if not self._open and b"event: here" in text:
            self._open = True
            self._crowd.opened()
        end = 0
        for found in _EVENT.finditer(text):
            self._crowd.heard(f"{found[1].decode()} {found[2].decode()}", now)
            end = found.end()
        self._rest = text[max(end, len(text) - 200) :]

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.lost += 1


class Crowd:
    def __init__(self, size: int) -> None:
        self._missing = size
        self.last: dict[str, tuple[float, int]] = {}
        self.lost = 0
        self.refusal = ""
        self.all_open = asyncio.Event()

    def opened(self) -> None:
        self._missing -= 1
        if not self._missing:
            self.all_open.set()

    def refused(self, answer: bytes) -> None:
        self.refusal = answer.decode(errors="replace")
        self.all_open.set()

    def heard(self, event: str, now: float) -> None:
        _, count = self.last.get(event, (0.0, 0))
        self.last[event] = now, count + 1


async def main(host: str, port: int, heads: list[bytes]) -> None:
    loop, crowd = asyncio.get_running_loop(), Crowd(len(heads))
    kept = [await loop.create_connection(functools.partial(Reader, head, crowd), host, port) for head in heads]
    await crowd.all_open.wait()
    if crowd.refusal:
        sys.exit(f"a stream was refused: {crowd.refusal[:400]}")
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"last": crowd.last, "lost": crowd.lost, "streams": len(kept)}))


if __name__ == "__main__":
    number = int(sys.argv[3])
    given = [json.loads(sys.stdin.readline()).encode() for _ in range(number)]
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), given))
