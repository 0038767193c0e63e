# SPDX-License-Identifier: LGPL-2.1-or-later
"""Someone with good requests, beside others who only want to hold them up."""
import threading
import time

from fixture import LIMIT, SANITIZED, note

# How long one good request may take, in seconds: the machine may have much else to do.
MOST = 10 if SANITIZED else 3


class Asker:
    """Asks for predictions, one after the other, until stop()."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.over = threading.Event()
        self.times = []
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while not self.over.is_set():
                started = time.monotonic()
                self.daemon.check_well()
                self.times.append(time.monotonic() - started)
                self.over.wait(0.01)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            self.failure = error

    def stop(self):
        """Fails unless all were answered rightly, and soon."""
        self.over.set()
        self.thread.join(LIMIT)
        if self.failure:
            raise self.failure
        worst = max(self.times)
        note(f"{len(self.times)} good requests, the slowest took {worst * 1000:.0f} ms")
        assert worst < MOST, f"a good request took {worst:.1f} s"
