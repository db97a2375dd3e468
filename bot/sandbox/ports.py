"""Two neighbouring ports on 127.0.0.1; a taken default moves up, a taken explicit one is refused."""

from __future__ import annotations

import socket

DEFAULT_PORT = 8770


def listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def bind_pair(port: int, second: int = 0) -> tuple[socket.socket, socket.socket]:
    """With port 0 both are free ones; else the second is the first's neighbour."""
    first = listen(port)
    try:
        return first, listen(second or (port + 1 if port else 0))
    except OSError:
        first.close()
        raise


def free_pair(begin: int = DEFAULT_PORT) -> int:
    """The first port from `begin` on that is free together with its neighbour."""
    for port in range(begin, begin + 200, 2):
        try:
            pair = bind_pair(port)
        except OSError:
            continue
        for listener in pair:
            listener.close()
        return port
    raise OSError("no free port")
