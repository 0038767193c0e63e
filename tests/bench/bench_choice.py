# SPDX-License-Identifier: LGPL-2.1-or-later
"""how many instructions a choice of each policy costs, among 16 containers

Valgrind's callgrind counts what disp_policy_select() executes, with all that it calls, over many
choices; so a round says what any other does, and how fast the machine is does not matter.
"""
import os
import re
import subprocess
import tempfile

# So many choices are counted, and one may cost less than so many instructions.
COUNT = 1000
MOST = 2000

PROGRAM = os.environ["BENCH_CHOICES"]


def count_instructions(kind):
    """Returns how many instructions one choice of that kind costs."""
    with tempfile.TemporaryDirectory(prefix="bench-choice-") as folder:
        out = os.path.join(folder, "out")
        words = ["valgrind", "--tool=callgrind", "--toggle-collect=disp_policy_select"]
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


TARGETS = [dearest]
