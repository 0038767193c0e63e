# SPDX-License-Identifier: LGPL-2.1-or-later
"""how the policies choose beside HAProxy's leastconn, in simulations

Nothing is measured on this machine: tests/simulator has discrete events, the real engine and
simulated model servers.  Of each round the seed is its number, so that it comes out the same each
time; six seconds are simulated for one.  In "at once" nothing waits in the dispatcher, as with
leastconn; with all others, requests wait there for a place, and the capacity is found by measuring.
"""
import itertools
import json
import os
import statistics
import subprocess

SIMULATE = os.environ["SIMULATE"]
SIMULATED_FOR_ONE = 6
SCENARIOS = ["equal", "unequal", "one-slow", "flapping", "bursty", "shared-gpu"]
CHOOSERS = [
    "leastconn",
    "random-at-once",
    "round-robin-at-once",
    "random",
    "round-robin",
    "probabilities",
    "least-loaded",
    "fastest",
    "sla",
    "sticky",
]
# What the devices of "unequal" can do in a second with three instances: 1/2.6 ms + 2/11 ms.
POSSIBLE = 1000 / 2.6 + 2 * 1000 / 11


def simulate(scenario, chooser):
    """Returns what takes a sample."""
    seeds = itertools.count(1)

    def take(seconds):
        command = [SIMULATE, "--json", "--scenario", scenario, "--chooser", chooser]
        command += ["--seed", str(next(seeds)), "--seconds", str(SIMULATED_FOR_ONE * seconds)]
        told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return {
            "predictions/s": told["throughput"],
            "p50 ms": told["p50"],
            "p99 ms": told["p99"],
            "too late %": 100 * told["missed"],
            "refused %": 100 * told["refused"],
            "by GPU %": 100 * told["gpu"],
            "seed": told["seed"],
        }

    return take


def name(scenario, chooser):
    """Returns the name of a variant."""
    return f"{scenario}: {chooser}"


VARIANTS = {
    name(scenario, chooser): simulate(scenario, chooser)
    for scenario in SCENARIOS
    for chooser in CHOOSERS
}

FIGURES = {
    "predictions/s": "{:.1f}",
    "p50 ms": "{:.1f}",
    "p99 ms": "{:.1f}",
    "too late %": "{:.1f}",
    "refused %": "{:.2f}",
    "by GPU %": "{:.1f}",
}
SPREAD = ["predictions/s", "p99 ms"]


def compare(scenario, chooser, figure, most):
    """Returns a target: a figure beside that of leastconn with the same seed."""

    def target(samples):
        pairs = zip(samples[name(scenario, chooser)], samples[name(scenario, "leastconn")])
        ratio = statistics.median(a[figure] / max(b[figure], 1e-9) for a, b in pairs)
        return {
            "what": f"{scenario}: {figure}, {chooser} : leastconn",
            "got": f"{ratio:.3f}",
            "ratio": ratio,
            "wanted": f"at most {most:g}",
            "met": ratio <= most,
        }

    return target


def use_all(samples):
    """The throughput of "fastest" with unequal devices, of what they can do at all."""
    taken = samples[name("unequal", "fastest")]
    ratio = statistics.median(sample["predictions/s"] for sample in taken) / POSSIBLE
    return {
        "what": "unequal: predictions/s, fastest : possible",
        "got": f"{ratio:.3f}",
        "ratio": ratio,
        "wanted": "at least 0.96",
        "met": ratio >= 0.96,
    }


# With 64 clients that ask without a pause each answer takes 64 / 566 s on average, whoever chooses:
# that is 0.47 of the longest with leastconn, so nobody can do better.  In "flapping" a 500 is an
# answer, which is not asked for again, so that each ejection has cost five of them.
TARGETS = [
    use_all,
    compare("unequal", "fastest", "p99 ms", 0.55),
    compare("equal", "fastest", "p99 ms", 1.1),
    compare("one-slow", "fastest", "p99 ms", 0.35),
    compare("bursty", "fastest", "p99 ms", 1),
    compare("shared-gpu", "fastest", "p99 ms", 0.75),
    compare("flapping", "fastest", "refused %", 0.02),
]
