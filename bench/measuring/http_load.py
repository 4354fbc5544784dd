"""Clients that report without pause: `python http_load.py PORT CLIENTS SECONDS < bodies`, one JSON body a line.

A process of its own without any of the program in it, one thread, raw sockets kept alive: it shares the machine with
what it measures, so it has to be lean, and says how much of the processor it took. Prints one JSON object.
"""

import json
import os
import resource
import selectors
import socket
import sys
import time
from collections import Counter
from itertools import cycle

CREATED = b"HTTP/1.1 201"


class Client:
    """One connection with one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.answer = b""

    def send(self, head: bytes, key: str, body: bytes) -> None:
        self.answer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(
            b"%sIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s" % (head, key.encode(), len(body), body)
        )

    def receive(self) -> bool:
        """Read what is there; true once the answer is whole. Raises ConnectionError."""
        more = self.socket.recv(65_536)
        if not more:
            raise ConnectionError("the server closed a connection")
        self.answer += more
        head, parted, body = self.answer.partition(b"\r\n\r\n")
        if not parted:
            return False
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return len(body) >= int(length)


def main(port: int, clients: int, seconds: float) -> dict[str, object]:
    bodies = cycle([line.strip() for line in sys.stdin.buffer])
    head = b"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    run, number = os.urandom(8).hex(), 0
    refused: Counter[str] = Counter()
    latencies: list[float] = []
    selector = selectors.DefaultSelector()
    all_clients = [Client(port) for _ in range(clients)]
    used, begun = time.process_time(), time.perf_counter()
    for client in all_clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send(head, f"{run}-{(number := number + 1)}", next(bodies))
    waiting, ended = clients, begun
    while waiting:
        for key, _ in selector.select():
            client = key.data
            if not client.receive():
                continue
            ended = time.perf_counter()
            if client.answer.startswith(CREATED):
                latencies.append(ended - client.sent_at)
            else:
                refused[client.answer[:400].decode(errors="replace")] += 1
            if ended - begun < seconds:
                client.send(head, f"{run}-{(number := number + 1)}", next(bodies))
            else:
                waiting -= 1
    return {
        "created": len(latencies),
        "seconds": ended - begun,
        "latencies_ms": [round(1_000 * latency, 3) for latency in latencies],
        "refused": dict(refused),
        "cpu_seconds": time.process_time() - used,
        "memory_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
