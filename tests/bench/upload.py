# SPDX-License-Identifier: LGPL-2.1-or-later
"""upload.py ADDRESS MODEL MIB: sends predictions with so large a body, one after the other.

It says "uploading" before the first, and goes on until it is killed; an answer other than 200 ends it.
"""
import http.client
import sys


def main():
    """Reads the arguments, and goes on."""
    address, model, mib = sys.argv[1:]
    head, tail = b'{"model":"%s","instances":[{"b64":"' % model.encode(), b'"}]}'
    body = head + b"A" * ((int(mib) << 20) - len(head) - len(tail)) + tail
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
