# SPDX-License-Identifier: LGPL-2.1-or-later
"""what it costs to find out how much a container can take

Small predictions come as fast as wrk can send them to one model server, which answers as many at
once as there are.
"""
import statistics

from load import Load, measure_load

# How much of what there is without a limit is left with one that is found by measuring.
LEAST_RATE = 0.97


def limited(limit):
    """Returns what takes a sample with that limit."""
    config = f"[dispatch]\nmax-in-flight={limit}\n[records]\nstore=none\n"
    return lambda seconds: measure_load(seconds, lambda _: Load(config=config, model_servers=1))


NONE, AUTO = "no limit", "auto"
# No number of connections of wrk comes near to this limit.
VARIANTS = {NONE: limited(10000), AUTO: limited("auto")}

FIGURES = {"predictions/s": "{:.0f}", "CPU us/prediction": "{:.1f}"}


def compare_rate(samples):
    """How many are answered with auto and without a limit, within each round."""
    pairs = zip(samples[AUTO], samples[NONE])
    ratios = [auto["predictions/s"] / none["predictions/s"] for auto, none in pairs]
    ratio = statistics.median(ratios)
    return {
        "what": f"predictions/s, {AUTO} : {NONE}",
        "got": f"{ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
        "ratio": ratio,
        "wanted": f"at least {LEAST_RATE:g}",
        "met": ratio >= LEAST_RATE,
    }


TARGETS = [compare_rate]
