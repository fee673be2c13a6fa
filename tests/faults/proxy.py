"""A proxy of this machine between a program and a server, which does to the connection what networks do."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65536


@dataclass
class Wire:
    """What happens on the way. `down(n)`: whether the nth piece that comes back from the server (1, 2, …, over all connections)
    passes; else its connection is cut, after the server has done its work. `wait`: called before each piece goes up."""

    down: Callable[[int], bool] = lambda _number: True
    wait: Callable[[], None] = lambda: None
    pieces: int = 0
    cut: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def passes(self) -> bool:
        with self.lock:
            self.pieces += 1
            passes = self.down(self.pieces)
            self.cut += not passes
            return passes


@contextmanager
def proxied(target: int | str, wire: Wire) -> Iterator[int]:
    """The port that leads to `target`: a port of this machine, or the path of a socket."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    opened: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed: the test is over
            threading.Thread(target=connect, args=(client,), daemon=True).start()

    def connect(client: socket.socket) -> None:
        server = socket.socket(socket.AF_INET if isinstance(target, int) else socket.AF_UNIX)
        opened.extend((client, server))
        try:
            server.connect(("127.0.0.1", target) if isinstance(target, int) else target)
        except OSError:
            _close(client, server)
            return
        for one in (client, server):
            if one.family == socket.AF_INET:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(client, server, True), daemon=True).start()
        pump(server, client, False)

    def pump(source: socket.socket, target: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(CHUNK):
                if up:
                    wire.wait()
                elif not wire.passes():
                    break
                target.sendall(piece)
        _close(source, target)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        _close(*opened)


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
