# SPDX-License-Identifier: LGPL-2.1-or-later
"""how many instructions a choice of each policy costs, among 16 containers

Valgrind's callgrind counts what disp_policy_select() executes, with all that it calls, over many
choices, and what disp_place_list() does, which says before each who may be chosen; so a round says what any other does, and how fast the machine is does not matter.
"""
import os
import re
import subprocess
import tempfile

# So many choices are counted, and one may cost less than so many instructions.
COUNT = 1000
MOST = 2000
# And so many to see who may be chosen, while all are well.
MOST_PLACES = 900

PROGRAM = os.environ["BENCH_CHOICES"]


def count_instructions(kind):
    """Returns how many instructions one choice, or listing, of that kind costs."""
    function = "disp_place_list" if kind.startswith("places") else "disp_policy_select"
    with tempfile.TemporaryDirectory(prefix="bench-choice-") as folder:
        out = os.path.join(folder, "out")
        words = ["valgrind", "--tool=callgrind", f"--toggle-collect={function}"]
        words += [f"--callgrind-out-file={out}", PROGRAM, kind, str(COUNT)]
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with open(out, encoding="utf-8") as lines:
            total = re.search(r"^(?:summary|totals): (\d+)$", lines.read(), re.MULTILINE)
    return int(total.group(1)) / COUNT


def of_kind(kind):
    """Returns what takes a sample of a kind of choices."""
    return lambda _seconds: {"instructions": count_instructions(kind)}


KINDS = subprocess.run([PROGRAM], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
VARIANTS = {kind: of_kind(kind) for kind in KINDS}
FIGURES = {"instructions": "{:.0f}"}


def dearest(samples):
    """Looks at the kind of choices that costs most."""
    costs = {kind: max(sample["instructions"] for sample in taken) for kind, taken in samples.items()}
    kind = max(costs, key=costs.get)
    return {
        "what": "the dearest choice",
        "got": f"{costs[kind]:.0f} instructions ({kind})",
        "wanted": f"below {MOST}",
        "met": costs[kind] < MOST,
    }


def listing(samples):
    """Looks at what it costs to see who may be chosen."""
    cost = max(sample["instructions"] for sample in samples["places: all are well"])
    return {
        "what": "places of containers that are well",
        "got": f"{cost:.0f} instructions",
        "wanted": f"below {MOST_PLACES}",
        "met": cost < MOST_PLACES,
    }


TARGETS = [dearest, listing]
