# SPDX-License-Identifier: LGPL-2.1-or-later
"""what connections that are kept, but idle, add to a prediction

Small predictions come as fast as wrk can send them and instant model servers can answer, while
clients that have been answered once keep their connections.
"""
import statistics

from load import Load, measure_load

IDLE = 5000
# Of the CPU time of a prediction, how much more may it take with them than without.
MOST_CPU = 1.2


def beside(idle):
    """Returns what takes a sample beside so many idle connections."""
    return lambda seconds: measure_load(
        seconds, lambda _: Load(config="[records]\nstore=none\n", idle=idle)
    )


VARIANTS = {"none": beside(0), f"{IDLE} idle": beside(IDLE)}

FIGURES = {"CPU us/prediction": "{:.1f}", "predictions/s": "{:.0f}"}


def compare_cpu(samples):
    """The CPU time beside idle connections and without, within each round."""
    pairs = zip(samples[f"{IDLE} idle"], samples["none"])
    ratio = statistics.median(a["CPU us/prediction"] / b["CPU us/prediction"] for a, b in pairs)
    return {
        "what": f"CPU per prediction, {IDLE} idle : none",
        "got": f"{ratio:.3f}",
        "ratio": ratio,
        "wanted": f"at most {MOST_CPU:g}",
        "met": ratio <= MOST_CPU,
    }


TARGETS = [compare_cpu]
