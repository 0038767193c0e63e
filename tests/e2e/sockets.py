# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sockets that a supervisor hands down, and HTTP over UNIX sockets."""
import http.client
import os
import socket
import sys

from fixture import LIMIT

# Becomes the daemon, with the descriptors that follow as sockets of a supervisor.
WRAPPER = """
import os, sys
names, fds, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
high = [os.dup(int(fd)) for fd in fds]
kept = [os.dup2(fd, 100 + i) for i, fd in enumerate(high)]
for i, fd in enumerate(kept):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)))
if names != "-":
    os.environ["LISTEN_FDNAMES"] = names
os.execv(command[0], command)
"""


class Ending:
    """Has the end of a case close a socket."""

    def __init__(self, sock):
        self.sock = sock

    def end(self):
        """Closes it."""
        self.sock.close()


def listening(house, address=("127.0.0.1", 0), family=socket.AF_INET):
    """Returns a socket that listens until the end of the case."""
    sock = socket.socket(family)
    sock.bind(address)
    sock.listen(4096)
    house.add(Ending(sock))
    return sock


def address_of(sock):
    """Returns where a TCP socket listens, as the daemon says it."""
    host, port = sock.getsockname()
    return f"{host}:{port}"


def start(house, sockets, *arguments, names="-", **more):
    """Starts a daemon that inherits the sockets."""
    for sock in sockets:
        sock.set_inheritable(True)
    fds = ",".join(str(sock.fileno()) for sock in sockets)
    wrapper = (sys.executable, "-c", WRAPPER, names, fds)
    daemon = house.start_daemon(*arguments, wrapper=wrapper, **more)
    # Until it is the daemon, the wrapper has them.
    for sock in sockets:
        sock.set_inheritable(False)
    return daemon


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=LIMIT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect(self.path)
