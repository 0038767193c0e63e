# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Requests Store that takes every record at once and keeps none, at a port of its own choice."""
import asyncio

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def find_end(received):
    """Returns where the first request of what was received ends, or None when some is missing."""
    head_end = received.find(HEAD_END)
    if head_end < 0:
        return None
    head = received[:head_end].lower()
    at = head.find(LENGTH)
    length = int(head[at + len(LENGTH):].split(b"\r\n", 1)[0]) if at >= 0 else 0
    end = head_end + len(HEAD_END) + length
    return end if end <= len(received) else None


class Taker(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport):
        self.transport = transport
        self.received = b""

    def data_received(self, data):
        self.received += data
        while (end := find_end(self.received)) is not None:
            self.received = self.received[end:]
            self.transport.write(ANSWER)


async def main():
    """Serves until it is killed."""
    server = await asyncio.get_running_loop().create_server(Taker, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"listening on {host}:{port}", flush=True)
    await server.serve_forever()


asyncio.run(main())
