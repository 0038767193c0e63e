# SPDX-License-Identifier: LGPL-2.1-or-later
"""what recording adds to a prediction, and how many records the stores take

Small predictions come as fast as wrk can send them and instant model servers can answer.  Of the
daemon alone count the CPU time of its process, the last record included, and its queue.
"""
import os
import statistics
import sys

from fixture import Program, environment
from load import HERE, Load, measure_load

# Of the CPU time of a prediction, how much more may it take with records than without.
MOST_CPU = 1.15
# A store keeps up if what waits for it grows by less than this part of what comes,
MOST_GROWTH = 0.02
# and is gone so soon after the last prediction, in seconds.
MOST_DRAIN = 0.5


def start_fast_store(house):
    """Starts a Requests Store that takes everything at once; returns its address."""
    command = [sys.executable, os.path.join(HERE, "fast_store.py")]
    store = house.add(Program("fast-store", command, environment()))
    return store.wait_for(r"listening on (\S+)").group(1)


def to_sqlite(durability):
    """Returns what takes a sample of the SQLite store."""
    return lambda seconds: measure_load(
        seconds, lambda _: Load(config=f"[records]\nstore=sqlite\ndurability={durability}\n")
    )


def to_nothing(seconds):
    """Takes a sample without records."""
    return measure_load(seconds, lambda _: Load(config="[records]\nstore=none\n"))


def to_http(seconds):
    """Takes a sample of the HTTP store."""
    return measure_load(
        seconds,
        lambda house: Load(config=f"[records]\nstore=http://{start_fast_store(house)}\n"),
    )


VARIANTS = {
    "none": to_nothing,
    "sqlite relaxed": to_sqlite("relaxed"),
    "sqlite committed": to_sqlite("committed"),
    "http": to_http,
}

FIGURES = {
    "CPU us/prediction": "{:.1f}",
    "of it records'": "{:.1f}",
    "predictions/s": "{:.0f}",
    "records/s": "{:.0f}",
    "most waiting": "{:.0f}",
    "growth/s": "{:.0f}",
    "drained after s": "{:.3f}",
}


def compare_cpu(variant, wanted=None):
    """Returns a target: the CPU time beside that without records, within each round."""

    def target(samples):
        pairs = zip(samples[variant], samples["none"])
        ratio = statistics.median(a["CPU us/prediction"] / b["CPU us/prediction"] for a, b in pairs)
        return {
            "what": f"CPU per prediction, {variant} : none",
            "got": f"{ratio:.3f}",
            "ratio": ratio,
            "wanted": f"at most {wanted:g}" if wanted else "none, only told",
            "met": wanted is None or ratio <= wanted,
        }

    return target


def keep_up(variant):
    """Returns a target: the store takes records as fast as they come."""

    def target(samples):
        growth = statistics.median(
            taken["growth/s"] / max(taken["records/s"], 1) for taken in samples[variant]
        )
        drain = statistics.median(taken["drained after s"] for taken in samples[variant])
        return {
            "what": f"{variant} keeps up with the front",
            "got": f"what waits grows by {growth:.1%} of what comes, and is gone after {drain:.3f} s",
            "ratio": growth,
            "wanted": f"below {MOST_GROWTH:.0%}, and within {MOST_DRAIN} s",
            "met": growth < MOST_GROWTH and drain <= MOST_DRAIN,
        }

    return target


TARGETS = [
    compare_cpu("sqlite relaxed", MOST_CPU),
    compare_cpu("sqlite committed"),
    compare_cpu("http"),
    keep_up("sqlite relaxed"),
    keep_up("sqlite committed"),
    keep_up("http"),
]
