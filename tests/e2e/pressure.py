# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that go on asking for predictions, and want each answered rightly."""
import os
import signal
import threading

from fixture import LIMIT, Program, environment, equal, eventually, find_tool, note

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
# More than anybody waits for.
FOREVER = 10**9


def pause(seconds):
    """Lets something go on for so long."""
    threading.Event().wait(seconds)


class Pressure:
    """Has wrk send different predictions, one after the other on each connection, until stop()."""

    def __init__(self, house, daemon, connections=12):
        self.daemon = daemon
        self.house = house
        self.name = f"stop-{len(house.inhabitants)}"
        words = [find_tool("wrk"), "-t", "1", "-c", str(connections), "-d", "1h"]
        words += ["--timeout", f"{LIMIT}s", "-s", SCRIPT, f"http://{daemon.address}"]
        words += ["--", str(FOREVER), house.path(self.name)]
        self.wrk = house.add(Program("wrk", words, environment()))
        self.wait_for(100)

    def wait_for(self, count):
        """Waits until so many more requests have come."""
        before = self.daemon.status()["requests"]

        def came():
            assert not self.wrk.silent, "wrk ended"
            return self.daemon.status()["requests"] >= before + count

        eventually(came, what=f"the next {count} requests")

    def stop(self):
        """Waits for the last answers; fails unless each request was answered, and rightly."""
        self.house.write(self.name, "")
        self.wrk.wait_for("^finished$")
        eventually(lambda: self.wrk.silent or self.wrk.signal(signal.SIGINT), what="the end of wrk")
        equal(self.wrk.wait(), 0, "exit status of wrk")
        count, _, faults = self.wrk.wait_for(r"^sum: (.*)$").group(1).partition(" ")
        note(f"{count} requests")
        equal(faults, "0 0 0 0 0 0", "wrong, non-2xx, connect, read, write, timeout")
        assert int(count) >= 100, count
