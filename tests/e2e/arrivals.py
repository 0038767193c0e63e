#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""arrivals.py ADDRESS FILE RATE:SECONDS...: predictions that come whether or not others are answered.

So many come each second, at random moments, for so long; then as many as the next phase says.  Each
is sent on a connection that is kept and has nothing to do, or on a new one.  Into the file goes one
JSON array for each: when it was sent, in seconds from the first moment on, how long its answer took,
its status, its Retry-After and its X-Dispatch-Reason.
"""
import json
import random
import select
import socket
import sys
import time

BODY = b'{"model":"half_plus_two","version":1,"instances":[1.0,2.0,5.0]}'
REQUEST = (
    b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
# How long the last answers are waited for, in seconds.
PATIENCE = 60


def plan(phases):
    """Returns when requests are to be sent, and when all of that is over."""
    chance = random.Random(1)
    moments, start = [], 0.0
    for rate, seconds in phases:
        moment = start
        while True:
            moment += chance.expovariate(rate)
            if moment >= start + seconds:
                break
            moments.append(moment)
        start += seconds
    return moments, start


def find_field(head, name):
    """Returns the value of a field of a head, or None."""
    _, found, rest = head.partition(b"\r\n" + name + b": ")
    return rest.partition(b"\r\n")[0].decode() if found else None


class Connection:
    """A connection with at most one request."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def send(self):
        """Sends a request."""
        self.received = b""
        self.sent_at = time.monotonic()
        self.socket.sendall(REQUEST)

    def receive(self):
        """Reads what has come; returns the head of the answer when that is whole."""
        some = self.socket.recv(65536)
        if not some:
            raise ConnectionError("the connection ended without an answer")
        self.received += some
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = find_field(head, b"Content-Length")
        return head if end and len(body) >= int(length) else None


class Crowd:
    """All connections, and what came on them."""

    def __init__(self, address):
        self.address = address
        self.poll = select.epoll()
        self.busy = {}
        self.idle = []
        self.told = []
        self.start = time.monotonic()

    def send(self):
        """Sends a request."""
        if self.idle:
            connection = self.idle.pop()
        else:
            connection = Connection(self.address)
            self.poll.register(connection.socket, select.EPOLLIN)
        self.busy[connection.socket.fileno()] = connection
        connection.send()

    def receive(self, timeout):
        """Takes what answers have come, or waits so many seconds for some."""
        for fd, _ in self.poll.poll(timeout):
            connection = self.busy.get(fd)
            if not connection:
                raise ConnectionError("an idle connection ended")
            head = connection.receive()
            if head:
                self._tell(connection, head)
                self.idle.append(self.busy.pop(fd))

    def _tell(self, connection, head):
        self.told.append(
            [
                round(connection.sent_at - self.start, 6),
                round(time.monotonic() - connection.sent_at, 6),
                int(head[9:12]),
                find_field(head, b"Retry-After"),
                find_field(head, b"X-Dispatch-Reason"),
            ]
        )


def main():
    """Sends all requests, and waits for the answers."""
    host, port = sys.argv[1].split(":")
    phases = [tuple(map(float, phase.split(":"))) for phase in sys.argv[3:]]
    moments, end = plan(phases)
    crowd = Crowd((host, int(port)))
    late = 0.0
    for moment in moments:
        while (left := crowd.start + moment - time.monotonic()) > 0:
            crowd.receive(left)
        late = max(late, -left)
        crowd.send()
    deadline = crowd.start + end + PATIENCE
    while crowd.busy and time.monotonic() < deadline:
        crowd.receive(1)
    with open(sys.argv[2], "w", encoding="ascii") as file:
        json.dump(crowd.told, file)
    print(f"sent {len(moments)}, at most {late * 1000:.1f} ms late")
    print(f"answered {len(crowd.told)}", flush=True)


main()
