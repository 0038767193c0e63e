# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients who take no excuse."""
import http.client
import json
import threading

from fixture import LIMIT, equal, eventually, exchange, in_threads, predictions


class Pressure:
    """Some clients that send predictions until stop(): each one must be answered, and rightly.

    Each is sent on a connection of its own, so that a refused one is noticed at any time.
    """

    def __init__(self, address, count):
        self.address = address
        self.over = threading.Event()
        self.n_answered = 0
        self.answered = threading.Lock()
        self.join = in_threads(count, self._run)

    def _run(self, _):
        try:
            self._send()
        finally:
            # One that fails ends them all.
            self.over.set()

    def _send(self):
        instance = 0
        while not self.over.is_set():
            instance += 1
            connection = http.client.HTTPConnection(self.address, timeout=LIMIT)
            body = json.dumps({"model": "half_plus_two", "instances": [instance]})
            answer = exchange(connection, "POST", "/predict", body)
            connection.close()
            equal((answer.status, predictions(answer)), (200, [instance / 2 + 2]), "answer")
            with self.answered:
                self.n_answered += 1

    def wait_for_more(self, count):
        """Waits until so many more answers have come."""
        wanted = self.n_answered + count
        eventually(lambda: self.n_answered >= wanted or self.over.is_set(), what="more answers")

    def stop(self):
        """Ends them, and fails unless each answer was right; returns how many there were."""
        self.over.set()
        self.join()
        return self.n_answered
