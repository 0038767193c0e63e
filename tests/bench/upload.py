# SPDX-License-Identifier: LGPL-2.1-or-later
"""upload.py ADDRESS MODEL MIB WHAT: sends predictions with so large a body, one after the other.

What is sent is a "string", "numbers" or "arrays", which take least and longest to read.
It says "uploading" before the first, and goes on until it is killed; an answer other than 200 ends it.
"""
import http.client
import sys


PIECES = {
    "string": (b'{"b64":"', b"A", b'"}]}'),
    "numbers": (b"0", b",0.12345", b"]}"),
    "arrays": (b"0", b",[1,[2]]", b"]}"),
}


def main():
    """Reads the arguments, and goes on."""
    address, model, mib, what = sys.argv[1:]
    head, piece, tail = PIECES[what]
    head = b'{"model":"%s","instances":[' % model.encode() + head
    body = head + piece * (((int(mib) << 20) - len(head) - len(tail)) // len(piece)) + tail
    connection = http.client.HTTPConnection(address)
    connection.connect()
    print("uploading", flush=True)
    while True:
        # Not through http.client, which sends a body in pieces of 8 KiB.
        connection.sock.sendall(
            b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        connection.sock.sendall(body)
        response = http.client.HTTPResponse(connection.sock)
        response.begin()
        response.read()
        assert response.status == 200, response.status


main()
