# SPDX-License-Identifier: LGPL-2.1-or-later
"""A model server that takes any body as fast as it comes and gives large answers, at a free port."""
import re
import socket
import threading

# Larger than what the system takes of an answer that nobody reads.
BODY = b'{"predictions":["' + b"A" * (512 << 10) + b'"]}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY)


def serve(connection):
    """Answers the requests of one connection; each has a length."""
    buffer = bytearray(1 << 20)
    with connection:
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                some = connection.recv(65536)
                if not some:
                    return
                head += some
            head, _, body = head.partition(b"\r\n\r\n")
            left = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head).group(1)) - len(body)
            while left > 0:
                n = connection.recv_into(buffer, min(left, len(buffer)))
                if n == 0:
                    return
                left -= n
            connection.sendall(HEAD + BODY)


def main():
    """Serves until it is killed."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        host, port = listener.getsockname()
        print(f"listening on {host}:{port}", flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=[connection], daemon=True).start()


main()
