# SPDX-License-Identifier: LGPL-2.1-or-later
"""a fast device and two slow ones, beside HAProxy

Each device does one inference at a time: the fast one takes 2 ms and 0.2 ms more for each instance,
the slow ones 8 ms and 1 ms.  The model servers have a thread for each connection, as many do, and are
new for each sample.  Predictions of three instances come on 64 connections, one after the other on
each.  All dispatchers get the same requests, keep their connections on both sides, and have a thread
for each core.

As many predictions are asked for as the devices can do in the time of a sample.  How many there are
each second counts until the last answer, as work is done when all of it is.  As long as more keeps
coming ("steady"), whoever lets requests wait before slow devices keeps all of them busy too.
"""
import os
import signal
import statistics

from fixture import House, Listener, Program, container, environment, equal, eventually, find_tool
from load import HERE, PATIENCE

CONNECTIONS = 64
FLEET = {
    "fast": ("2", "0.2"),
    "slow-0": ("8", "1"),
    "slow-1": ("8", "1"),
}
# How many inferences all of them can do each second.
CAPACITY = 1000 / 2.6 + 2 * 1000 / 11
# How long a dispatcher is under load before it is measured, in seconds: it may have to learn.
WARM_UP = 2
# What 99 of 100 take at most, and how many are answered each second, beside HAProxy.
MOST_P99 = 0.35
LEAST_RATE = 1.03

HAPROXY = """global
  nbthread {threads}
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 30s
  option http-keep-alive
  http-reuse always
frontend clients
  bind fd@{fd}
  default_backend fleet
backend fleet
  balance leastconn
"""


def start_server(house, name, law):
    """Starts a model server; returns it, with its port."""
    server = house.add(Program(name, [os.environ["THREADED_SERVER"], *law], environment()))
    server.port = int(server.wait_for(r"listening on 127\.0\.0\.1:(\d+)").group(1))
    return server


def start_daemon(policy):
    """Returns what starts dispatcherd before model servers, and returns its address."""

    def start(house, servers):
        fleet = house.fleet(*(container(server.name, server.port) for server in servers))
        options = ("--fleet", fleet, "--policy", policy, "--requests-store", "none")
        return house.daemon(*options, workers=os.cpu_count()).address

    return start


def start_haproxy(options=""):
    """Returns what starts HAProxy, with these options for each model server, and does as above."""

    def start(house, servers):
        # It takes a socket over, so that it needs no port of its own.
        listener = house.add(Listener())
        listener.socket.listen(1024)
        listener.socket.set_inheritable(True)
        text = HAPROXY.format(threads=os.cpu_count(), fd=listener.socket.fileno())
        for server in servers:
            text += f"  server {server.name} 127.0.0.1:{server.port} {options}\n"
        command = [find_tool("haproxy"), "-db", "-f", house.write("haproxy.cfg", text)]
        house.add(Program("haproxy", command, environment()))
        listener.socket.set_inheritable(False)
        return f"127.0.0.1:{listener.port}"

    return start


def run_wrk(house, address, seconds):
    """Has wrk send what the fleet can do in so long; returns the sample."""
    words = [find_tool("wrk"), "-t", "1", "-c", str(CONNECTIONS), "-d", "1h", "--timeout", "30s"]
    words += ["-s", os.path.join(HERE, "serving.lua"), f"http://{address}"]
    words += ["--", str(round(CAPACITY * seconds))]
    wrk = house.add(Program("wrk", words, environment()))
    finished = wrk.wait_for(r"^finished: (\d+) (\d+) (\d+)$", within=PATIENCE + 10 * seconds)
    # It may not listen to signals yet.
    eventually(lambda: wrk.silent or wrk.signal(signal.SIGINT), what="the end of wrk")
    equal(wrk.wait(), 0, "exit status of wrk")
    took, steady, steady_time = map(int, finished.groups())
    told = wrk.wait_for(r"^latency: (\d+) (\d+) (\d+) (\d+)$")
    count, bad, p50, p99 = map(int, told.groups())
    equal(bad, 0, "requests that failed")
    return {
        "predictions/s": count / took * 1e6,
        "of capacity": count / took * 1e6 / CAPACITY,
        "steady/s": steady / steady_time * 1e6,
        "p50 ms": p50 / 1000,
        "p99 ms": p99 / 1000,
    }


def take(start):
    """Returns what takes a sample of a dispatcher."""

    def sample(seconds):
        with House() as house:
            servers = [start_server(house, name, law) for name, law in FLEET.items()]
            address = start(house, servers)
            run_wrk(house, address, WARM_UP)
            return run_wrk(house, address, seconds)

    return sample


LEASTCONN = "HAProxy leastconn"
VARIANTS = {
    LEASTCONN: take(start_haproxy()),
    # As good as HAProxy gets when somebody knows what to set.
    "HAProxy maxconn 2": take(start_haproxy("maxconn 2")),
    "fastest": take(start_daemon("fastest")),
    "least-loaded": take(start_daemon("least-loaded")),
    "round-robin": take(start_daemon("round-robin")),
}

FIGURES = {
    "predictions/s": "{:.0f}",
    "of capacity": "{:.1%}",
    "steady/s": "{:.0f}",
    "p50 ms": "{:.1f}",
    "p99 ms": "{:.1f}",
}


def compare(figure, variant, most=None, least=None):
    """Returns a target: a figure beside that of HAProxy, within each round."""

    def target(samples):
        pairs = zip(samples[variant], samples[LEASTCONN])
        ratios = [ours[figure] / theirs[figure] for ours, theirs in pairs]
        ratio = statistics.median(ratios)
        return {
            "what": f"{figure}, {variant} : {LEASTCONN}",
            "got": f"{ratio:.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
            "ratio": ratio,
            "wanted": f"at most {most:g}" if most else f"at least {least:g}",
            "met": ratio <= most if most else ratio >= least,
        }

    return target


TARGETS = [
    compare("p99 ms", "fastest", most=MOST_P99),
    compare("predictions/s", "fastest", least=LEAST_RATE),
]
