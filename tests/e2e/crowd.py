# SPDX-License-Identifier: LGPL-2.1-or-later
"""crowd.py [--stay] ADDRESS SECONDS KIND=COUNT...: a crowd of slow clients, each with a connection.

The address is ADDRESS:PORT, or the path of a UNIX socket.
When all are there it says "connected".  When the daemon has closed all of their connections, or the
time is over, it tells in one line of JSON for each kind how many were closed, within how many
seconds from when their time began, and with which status.  With --stay each takes another connection
when its own is closed, until the time is over.
"""
import collections
import errno
import json
import resource
import select
import selectors
import socket
import sys
import time

# How often a slow client does what it does slowly, in seconds; and in how many turns they do, as they
# have nothing to do with each other.
TICK = 0.25
TURNS = 25
# How many connections are being made at once: fewer than wait to be accepted.
WAVE = 100
# How much of an answer is kept.
KEPT = 65536

GET = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# Of the model whose answers are large.
PREDICTION = b'{"model":"half_plus_three","version":1,"instances":[1.0]}'
ANSWERED = b"Content-Length: %d\r\n\r\n%s" % (len(PREDICTION), PREDICTION)

# What one sends at first, and at each tick; whether its time begins with an answer; how many bytes
# it reads at each tick, or None if it reads all that comes.
Kind = collections.namedtuple("Kind", "first drip after_answer sip", defaults=(b"", False, None))

KINDS = {
    # says nothing
    "silent": Kind(b""),
    # says nothing after a request
    "idle": Kind(GET + b"\r\n", after_answer=True),
    # whose head never ends
    "head": Kind(GET, b"X-More: 1\r\n"),
    "name": Kind(GET, b"X"),
    "method": Kind(b"G", b"E"),
    # whose body comes too slowly, or not at all
    "body": Kind(POST + b"Content-Length: 100000\r\n\r\n{", b" "),
    "mute": Kind(POST + b"Content-Length: 60000000\r\n\r\n"),
    "chunks": Kind(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "chunk": Kind(POST + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b" "),
    "trailer": Kind(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n", b"X: 1\r\n"),
    # who does not read the answer, or too slowly
    "deaf": Kind(POST + ANSWERED, sip=0),
    "sipper": Kind(POST + ANSWERED, sip=25),
}


class Client:
    """One slow client."""

    def __init__(self, crowd, name):
        self.crowd = crowd
        self.turn = crowd.n_made % TURNS
        crowd.n_made += 1
        self.kind = KINDS[name]
        self.name = name
        self.received = b""
        self.is_connected = False
        self.socket = socket.socket(crowd.family)
        self.socket.setblocking(False)
        if self.kind.sip is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        if crowd.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = time.monotonic()
        self.socket.connect_ex(crowd.address)
        crowd.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def on_ready(self):
        """Goes on when the socket can be written, for the first time, or read."""
        if self.is_connected:
            self.read(KEPT)
            return
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, f"a client cannot connect: {errno.errorcode[error]}")
        self.is_connected = True
        self.crowd.n_connecting -= 1
        self.crowd.selector.unregister(self.socket)
        if self.kind.sip is None:
            self.crowd.selector.register(self.socket, selectors.EVENT_READ, self)
        self.since = time.monotonic()
        self.send(self.kind.first)

    def send(self, some):
        """Sends what can be sent just now."""
        try:
            self.socket.send(some)
        except BlockingIOError:
            pass
        except OSError:
            # There may be an answer still; who reads finds the end of the connection.
            if self.kind.sip is not None:
                self.crowd.on_closed(self)

    def read(self, length):
        """Reads what has come."""
        try:
            some = self.socket.recv(length)
        except BlockingIOError:
            return
        except OSError:
            some = b""
        if not some:
            self.crowd.on_closed(self)
            return
        if self.kind.after_answer and not self.received:
            self.since = time.monotonic()
        self.received = (self.received + some)[:KEPT]

    def tick(self):
        """Does a little of what it does slowly."""
        if not self.is_connected:
            return
        if self.kind.drip:
            self.send(self.kind.drip)
        if self.kind.sip is not None:
            # An end behind an answer that is not read is not seen, but a reset is.
            poll = select.poll()
            poll.register(self.socket, 0)
            if poll.poll(0):
                self.crowd.on_closed(self)
            elif self.kind.sip:
                self.read(self.kind.sip)

    def close(self):
        """Ends it."""
        if self.kind.sip is None or not self.is_connected:
            self.crowd.selector.unregister(self.socket)
        self.socket.close()


def judge(client):
    """Returns the status of the answer that ended a connection, "none", or what is wrong with it."""
    received = client.received
    if client.kind.after_answer:
        # The answer to the request, which has a length; behind it comes what ended it.
        head, _, rest = received.partition(b"\r\n\r\n")
        received = rest[find_length(head):] if head.startswith(b"HTTP/1.1 200 ") else received
    if not received or client.kind.sip is not None:
        return "none"
    head, _, body = received.partition(b"\r\n\r\n")
    try:
        assert head.startswith(b"HTTP/1.1 ")
        assert b"\r\nconnection: close" in head.lower() and find_length(head) == len(body)
        assert b"\r\ncontent-type: application/json" in head.lower()
        assert list(json.loads(body)) == ["error"]
        return head[9:12].decode()
    except (AssertionError, ValueError):
        return f"wrong: {received[:300]!r}"


def find_length(head):
    """Returns the length of the body that a head tells of."""
    at = head.lower().index(b"\r\ncontent-length:")
    return int(head[at + 17:].split(b"\r\n", 1)[0])


class Crowd:
    """All clients."""

    def __init__(self, address, names, stay):
        if address.startswith("/"):
            self.family, self.address = socket.AF_UNIX, address
        else:
            host, port = address.split(":")
            self.family, self.address = socket.AF_INET, (host, int(port))
        self.selector = selectors.DefaultSelector()
        self.waiting = collections.deque(names)
        self.clients = set()
        self.n_connecting = 0
        self.stay = stay
        self.n_made = 0
        self.told = {
            name: {"count": names.count(name), "closed": 0, "statuses": {}} for name in names
        }

    def on_closed(self, client):
        """Notes how a connection ended that the daemon closed."""
        if client not in self.clients:
            return
        took = time.monotonic() - client.since
        told = self.told[client.name]
        told["closed"] += 1
        told["earliest"] = min(took, told.get("earliest", took))
        told["latest"] = max(took, told.get("latest", took))
        verdict = judge(client)
        told["statuses"][verdict] = told["statuses"].get(verdict, 0) + 1
        self.clients.remove(client)
        client.close()
        if self.stay:
            self.waiting.append(client.name)

    def run(self, seconds):
        """Lets them all do what they do for so long, or until none has a connection."""
        until = time.monotonic() + seconds
        next_turn = time.monotonic()
        turn = 0
        are_connected = False
        while (self.waiting or self.clients) and time.monotonic() < until:
            while self.waiting and self.n_connecting < WAVE:
                self.n_connecting += 1
                self.clients.add(Client(self, self.waiting.popleft()))
            for key, _ in self.selector.select(max(0, next_turn - time.monotonic())):
                key.data.on_ready()
            if time.monotonic() >= next_turn:
                for client in [client for client in self.clients if client.turn == turn]:
                    client.tick()
                turn = (turn + 1) % TURNS
                next_turn = time.monotonic() + TICK / TURNS
            if not are_connected and not self.waiting and self.n_connecting == 0:
                are_connected = True
                print("connected", flush=True)
        for client in self.clients:
            client.close()


def main():
    """Reads the arguments, and runs a crowd."""
    arguments = sys.argv[1:]
    stay = arguments[0] == "--stay"
    address, seconds, *wanted = arguments[stay:]
    pairs = [word.split("=") for word in wanted]
    # One of each kind in turn, so that they come mixed.
    left = {kind: int(count) for kind, count in pairs}
    names = []
    while left:
        names += left
        left = {kind: count - 1 for kind, count in left.items() if count > 1}
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    crowd = Crowd(address, names, stay)
    crowd.run(float(seconds))
    print(json.dumps(crowd.told), flush=True)


main()
