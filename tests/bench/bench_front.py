# SPDX-License-Identifier: LGPL-2.1-or-later
"""what small predictions notice of others: of large uploads, and of a thousand slow clients

All are served by one worker.  The small predictions come on a few connections, one after the other
on each; what 99 of 100 take at most counts.  Nothing is recorded.
"""
import contextlib
import os
import statistics
import sys

from fixture import House, Program, container, environment, equal, eventually, find_tool
from load import HERE, WARM_UP, read_cpu

E2E = os.path.join(HERE, "..", "e2e")
CONNECTIONS = 4
# How many slow clients there are, and how large an upload is, in MiB.
SLOW = 1000
LARGE = 64
# What 99 of 100 may take besides uploads, in milliseconds more than without, and besides slow
# clients, how many times as long.
MOST_MORE = 20
MOST_RATIO = 2
CONFIG = "[server]\nmax-connections-per-client=0\n[records]\nstore=none\n"
KINDS = ("silent", "idle", "head", "method", "body", "mute", "chunks", "deaf")


@contextlib.contextmanager
def alone(_house, _daemon):
    """Disturbs nobody."""
    yield


def uploading(what):
    """Returns what uploads large bodies of that, one after the other, on one connection."""

    @contextlib.contextmanager
    def upload(house, daemon):
        words = [sys.executable, os.path.join(HERE, "upload.py"), daemon.address]
        words += ["half_plus_three", str(LARGE), what]
        program = house.add(Program("upload", words, environment()))
        program.wait_for("^uploading$")
        yield
        assert program.process.poll() is None, "an upload was refused"
        program.end()

    return upload


def beside(*kinds):
    """Returns what has slow clients of these kinds, each as many."""

    @contextlib.contextmanager
    def crowd(house, daemon):
        words = [sys.executable, os.path.join(E2E, "crowd.py"), "--stay", daemon.address, "3600"]
        words += [f"{kind}={SLOW // len(kinds)}" for kind in kinds]
        program = house.add(Program("crowd", words, environment()))
        program.wait_for("^connected$")
        # Those who read no answer have asked for one, all at once.
        eventually(lambda: daemon.status()["in_flight"] == 0, what="the last answer to them")
        yield
        assert program.process.poll() is None, "the slow clients ended"
        program.end()

    return crowd


def start_wrk(house, daemon, seconds):
    """Runs wrk for so long; returns how many requests it made, and what 99 of 100 took, in us."""
    words = [find_tool("wrk"), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"]
    words += ["-s", os.path.join(E2E, "latency.lua"), f"http://{daemon.address}"]
    wrk = house.add(Program("wrk", words, environment()))
    equal(wrk.wait(), 0, "exit status of wrk")
    count, bad, p99 = map(int, wrk.wait_for(r"^latency: (\d+) (\d+) (\d+)$").groups())
    equal(bad, 0, "requests that failed")
    return count, p99


def start_sink(house):
    """Starts a model server of large bodies and answers; returns its port."""
    program = house.add(Program("sink", [sys.executable, os.path.join(HERE, "sink.py")], environment()))
    return int(program.wait_for(r"listening on \S+:(\d+)").group(1))


def take(disturb):
    """Returns what takes a sample while that disturbs."""

    def sample(seconds):
        with House() as house:
            server = house.model_server()
            fleet = house.fleet(
                container("small", server.port, model="half_plus_two"),
                container("sink", start_sink(house), model="half_plus_three"),
            )
            daemon = house.daemon("--fleet", fleet, config=CONFIG, workers=1)
            start_wrk(house, daemon, WARM_UP)
            with disturb(house, daemon):
                cpu = read_cpu(daemon.pid)
                count, p99 = start_wrk(house, daemon, seconds)
                cpu = read_cpu(daemon.pid) - cpu
        return {
            "p99 ms": p99 / 1000,
            "CPU us/prediction": cpu / count * 1e6,
            "predictions/s": count / seconds,
        }

    return sample


ALONE, MIXED = "alone", f"{SLOW} mixed"
UPLOADS = {f"{LARGE} MiB {what}": uploading(what) for what in ("string", "numbers", "arrays")}
CROWDS = {**{f"{SLOW} {kind}": beside(kind) for kind in KINDS}, MIXED: beside(*KINDS)}
VARIANTS = {
    name: take(disturb) for name, disturb in {ALONE: alone, **UPLOADS, **CROWDS}.items()
}

FIGURES = {"p99 ms": "{:.2f}", "CPU us/prediction": "{:.1f}", "predictions/s": "{:.0f}"}


def compare_upload(variant):
    """Returns a target: how much longer it takes beside uploads, within each round."""

    def target(samples):
        pairs = zip(samples[variant], samples[ALONE])
        more = statistics.median(a["p99 ms"] - b["p99 ms"] for a, b in pairs)
        return {
            "what": f"p99 beside {variant} - {ALONE}",
            "got": f"{more:.2f} ms",
            "more": more,
            "wanted": f"at most {MOST_MORE} ms",
            "met": more <= MOST_MORE,
        }

    return target


def compare_slow(variant):
    """Returns a target: how many times as long it takes beside slow clients, within each round."""

    def target(samples):
        pairs = zip(samples[variant], samples[ALONE])
        ratio = statistics.median(a["p99 ms"] / b["p99 ms"] for a, b in pairs)
        return {
            "what": f"p99 beside {variant} : {ALONE}",
            "got": f"{ratio:.2f}",
            "ratio": ratio,
            "wanted": f"at most {MOST_RATIO}",
            "met": ratio <= MOST_RATIO,
        }

    return target


TARGETS = [*map(compare_upload, UPLOADS), *map(compare_slow, CROWDS)]
