# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon under the load of wrk, and what it takes."""
import contextlib
import dataclasses
import os
import resource
import select
import time

from fixture import House, Program, environment, equal, eventually, exchange, find_tool

HERE = os.path.dirname(os.path.abspath(__file__))
# How long is asked for what has to happen after the load, in seconds.
PATIENCE = 120
# How often it is asked what waits during the load, in seconds.
INTERVAL = 0.05
# The daemon is measured when all of it has been in use, after so many seconds: the least of wrk.
WARM_UP = 1


@dataclasses.dataclass
class Load:
    """How a daemon is run, and what is asked of it."""

    config: str = ""
    model_servers: int = 2
    connections: int = 32
    threads: int = 2
    # How many connections are kept besides, on which nothing comes any more.
    idle: int = 0


def read_cpu(pid):
    """Returns the CPU time of a process so far, in seconds; it must have no children."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    utime, stime, cutime, cstime = map(int, fields[11:15])
    equal((cutime, cstime), (0, 0), "CPU time of children")
    return (utime + stime) / os.sysconf("SC_CLK_TCK")


def read_record_cpu(pid):
    """Returns the CPU time so far of the threads that neither serve nor are the first, in seconds."""
    ticks = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
            start, _, end = file.read().rpartition(")")
        if int(thread) != pid and not start.partition("(")[2].startswith("worker-"):
            ticks += sum(map(int, end.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def count_waiting(status):
    """Returns how many records wait somewhere, of a status."""
    return status["records_queued"] + status.get("records_spooled", 0)


def start_wrk(house, daemon, load, seconds):
    """Starts wrk for so long."""
    words = [find_tool("wrk"), "-t", load.threads, "-c", load.connections, "-d", f"{seconds}s"]
    words += ["-s", os.path.join(HERE, "predict.lua"), f"http://{daemon.address}"]
    return house.add(Program("wrk", [str(word) for word in words], environment()))


def check_wrk(wrk):
    """Fails unless all its requests were answered with predictions."""
    equal(wrk.wait(), 0, "exit status of wrk")
    found = wrk.wait_for(r"^sum: (\d+) (.*)$")
    equal(found.group(2), "0 0 0 0 0", "non-2xx, connect, read, write, timeout")
    assert int(found.group(1)) > 0, "no prediction was answered"


@contextlib.contextmanager
def idle_connections(daemon, count):
    """Keeps so many connections that were answered once; in the end all must be open still."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        for _ in range(count):
            connection = stack.enter_context(contextlib.closing(daemon.connect()))
            equal(exchange(connection, "GET", "/healthz/live").status, 200, "status")
            assert connection.sock, "the connection was not kept"
            poll.register(connection.sock, select.POLLIN)
        yield
        equal(len(poll.poll(0)), 0, "idle connections that were closed")


def watch(daemon, wrk):
    """Asks what waits until wrk ends; returns the pairs of a time and a number."""
    seen = []
    while wrk.process.poll() is None:
        seen.append((time.monotonic(), count_waiting(daemon.status())))
        time.sleep(INTERVAL)
    return seen


def find_growth(seen):
    """Returns by how many what waits grows each second: the last third beside the first."""
    third = len(seen) // 3
    if third == 0:
        return 0.0
    first, last = seen[:third], seen[-third:]

    def mean(pairs, i):
        return sum(pair[i] for pair in pairs) / len(pairs)

    return (mean(last, 1) - mean(first, 1)) / (mean(last, 0) - mean(first, 0))


def measure_daemon(seconds, house, daemon, load):
    """Warms a daemon up and measures it under load for so long; returns the sample."""
    check_wrk(start_wrk(house, daemon, load, WARM_UP))
    eventually(lambda: count_waiting(daemon.status()) == 0, PATIENCE, "the end of the warm-up")

    before = daemon.status()
    cpu, record_cpu = read_cpu(daemon.pid), read_record_cpu(daemon.pid)
    started = time.monotonic()
    wrk = start_wrk(house, daemon, load, seconds)
    seen = watch(daemon, wrk)
    ended = time.monotonic()
    check_wrk(wrk)
    eventually(lambda: count_waiting(daemon.status()) == 0, PATIENCE, "the last record")
    drained = time.monotonic()
    after = daemon.status()
    cpu, record_cpu = read_cpu(daemon.pid) - cpu, read_record_cpu(daemon.pid) - record_cpu

    made = {name: after[name] - before[name] for name in ("requests", "records_pushed")}
    return {
        "CPU us/prediction": cpu / made["requests"] * 1e6,
        "of it records'": record_cpu / made["requests"] * 1e6,
        "predictions/s": made["requests"] / (ended - started),
        "records/s": made["records_pushed"] / (drained - started),
        "most waiting": max(count for _, count in seen),
        "growth/s": find_growth(seen),
        "drained after s": drained - ended,
    }


def measure_load(seconds, prepare):
    """Runs a daemon as prepare(house) says, under load for so long; returns the sample."""
    with House() as house:
        load = prepare(house)
        _, fleet = house.serving_fleet(load.model_servers)
        daemon = house.daemon("--fleet", fleet, config=load.config, workers=os.cpu_count())
        with idle_connections(daemon, load.idle):
            return measure_daemon(seconds, house, daemon, load)
