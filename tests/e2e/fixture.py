# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the whole daemon share: real programs, doubles of its peers, and TAP.

A test is a script that gives run() its cases.  Each case is a function that takes a House, in which
it starts what it needs; when the case ends, well or not, all of that is ended too.  Meson names the
two programs in DISPATCHERD and DEMO_MODEL_SERVER.  Everything listens on loopback, at ports that
the system chooses.
"""
import collections
import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback

# How long anything may take that has to happen, in seconds: only a failure takes so long.
LIMIT = 60

DAEMON = os.environ["DISPATCHERD"]
MODEL_SERVER = os.environ["DEMO_MODEL_SERVER"]
# Whether the daemon was built with a sanitizer, which keeps memory and takes time of its own.
SANITIZED = os.environ.get("SANITIZE", "none") != "none"

# How many threads of wrk send predictions.
WRK_THREADS = 2

# The state of a socket that listens, as /proc/net/tcp tells it.
TCP_LISTEN = "0A"

Answer = collections.namedtuple("Answer", "status headers body")


class Skip(Exception):
    """Raised by a case that cannot run here."""


def run(*cases):
    """Runs the cases, prints TAP, and ends the process."""
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, case in enumerate(cases, 1):
        name = case.__doc__.splitlines()[0].rstrip(".")
        house = House()
        verdict, directive, comment = "ok", "", ""
        started = time.monotonic()
        try:
            with house:
                case(house)
        except Skip as reason:
            directive = f" # SKIP {reason}"
        except BaseException:  # pylint: disable=broad-exception-caught
            verdict, comment = "not ok", traceback.format_exc() + house.logs()
            failed += 1
        print(f"{verdict} {number} - {name}{directive}", flush=True)
        note(f"{time.monotonic() - started:.1f} s")
        for line in comment.splitlines():
            print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)


def equal(got, expected, what="value"):
    """Fails unless both are equal."""
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}"


def note(text):
    """Says something that is worth to be read in the log of the tests."""
    print(f"# {text}", flush=True)


def eventually(check, within=LIMIT, what="it"):
    """Asks again and again, where nothing tells of a change, until it is so; returns the answer."""
    deadline = time.monotonic() + within
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {within} s"
        time.sleep(0.01)


# --- programs ------------------------------------------------------------------------------


def environment(**more):
    """Returns an environment in which no setting of the user counts."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("DISPATCHERD")
    }
    # Tests that want a bus have one of their own; and most doubles count what comes to them, and
    # take a check for a prediction, so that only tests of checks have some.
    clean.update(LC_ALL="C.UTF-8", http_proxy="http://127.0.0.1:1", DISPATCHERD_BUS="none")
    clean.update(DISPATCHERD_HEALTH_INTERVAL="0")
    clean.update(more)
    return clean


class Program:
    """A process whose lines are collected while it runs."""

    def __init__(self, name, arguments, env):
        self.name = name
        self.lines = []
        self.said = threading.Condition()
        self.silent = False
        self.fate = "runs"
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            # Sockets that a test made inheritable are handed down.
            close_fds=False,
        )
        self.pid = self.process.pid
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.said:
                self.lines.append(line.rstrip("\n"))
                self.said.notify_all()
        with self.said:
            self.silent = True
            self.said.notify_all()

    def find(self, pattern, after=0):
        """Returns the match of the first line from the given one on that matches, or None."""
        return next((m for line in self.lines[after:] if (m := re.search(pattern, line))), None)

    def wait_for(self, pattern, after=0, within=LIMIT):
        """Waits for a line that matches; returns the match."""
        with self.said:
            self.said.wait_for(lambda: self.find(pattern, after) or self.silent, within)
            found = self.find(pattern, after)
        assert found, f'{self.name} did not say "{pattern}" within {within} s, or ended before'
        return found

    def signal(self, number):
        """Sends a signal."""
        self.process.send_signal(number)

    def wait(self, within=LIMIT):
        """Waits for the end; returns the exit status."""
        status = self.process.wait(within)
        self.reader.join(within)
        return status

    def end(self):
        """Ends it if it still runs, and notes how it ended otherwise."""
        status = self.process.poll()
        if status is None:
            self.fate = "was killed by the test"
            self.process.kill()
        else:
            self.fate = f"ended with status {status}"
        self.wait()
        self.process.stdout.close()


class Front:
    """What takes predictions, at self.address; with self.tls it speaks TLS there."""

    address = None
    tls = None

    def ask(self, method, path, body=None, headers=None, at=None):
        """Sends one request, on a connection of its own, perhaps elsewhere; returns the Answer."""
        connection = self.connect(at)
        try:
            return exchange(connection, method, path, body, headers)
        finally:
            connection.close()

    def connect(self, at=None):
        """Returns a connection that can be kept."""
        if self.tls and at is None:
            return http.client.HTTPSConnection(self.address, timeout=LIMIT, context=self.tls)
        return http.client.HTTPConnection(at or self.address, timeout=LIMIT)

    def dial(self):
        """Returns a connected socket, for what a client should not do."""
        host, port = self.address.split(":")
        return socket.create_connection((host, int(port)), LIMIT)

    def get(self, path):
        """GETs a path."""
        return self.ask("GET", path)

    def predict(self, model="half_plus_two", instances=(1.0, 2.0, 5.0), version=1, headers=None):
        """Asks for a prediction; without a version when that is None."""
        body = {"model": model, "version": version, "instances": list(instances)}
        if version is None:
            del body["version"]
        return self.ask("POST", "/predict", json.dumps(body), headers)

    def status(self):
        """Returns what GET / says."""
        return json.loads(self.get("/").body)

    def is_ready(self):
        """Tells whether it listens, and can predict."""
        with contextlib.suppress(ConnectionRefusedError):
            return self.get("/healthz/ready").status == 200
        return False

    def check_well(self):
        """Fails unless it answers a prediction rightly."""
        answer = self.predict("half_plus_two", [4.0])
        equal(answer.status, 200, f"status of a good request ({answer.body!r})")
        equal(predictions(answer), [4.0], "its answer")


class Daemon(Program, Front):
    """A dispatcherd."""

    def __init__(self, state, arguments, env, wrapper=()):
        super().__init__("dispatcherd", [*wrapper, DAEMON, *arguments], env)
        self.state = state

    def start(self, ready=True):
        """Waits until it listens, and with a fleet until it can predict."""
        self.address = self.wait_for(r"listening on (127\.0\.0\.1:\d+)").group(1)
        if ready:
            eventually(lambda: self.get("/healthz/ready").status == 200, what="readiness")
        return self

    def embedded(self, name):
        """Returns the address of an embedded service: "Requests Store" or "Containers Manager"."""
        return self.wait_for(rf"the embedded {name} listens on (127\.0\.0\.1:\d+)").group(1)

    def rows(self):
        """Returns all records, once none is queued any more, as dictionaries."""
        if self.process.poll() is None:
            eventually(lambda: self.status()["records_queued"] == 0, what="the end of the queue")
        path = os.path.join(self.state, "records.db")
        with contextlib.closing(sqlite3.connect(path, timeout=LIMIT)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute("SELECT * FROM requests ORDER BY seq")]

    def rss(self):
        """Returns how much memory it holds, in bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self):
        """Returns how many file descriptors it has open."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def connections(self):
        """Returns how many TCP connections it has, with clients and with containers."""
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        connected = {f"socket:[{row[9]}]" for row in rows if row[3] != TCP_LISTEN}
        count = 0
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                count += os.readlink(f"/proc/{self.pid}/fd/{name}") in connected
        return count

    def stop(self, within=LIMIT):
        """Has it stop as an operator would; fails unless it ends well."""
        self.signal(signal.SIGTERM)
        self.check_ended(within)

    def check_ended(self, within=LIMIT):
        """Waits for the end; fails unless it was a good one."""
        equal(self.wait(within), 0, "exit status of dispatcherd")
        self.check_log()

    def check_log(self):
        """Fails if it said something that only a mistake of ours makes it say."""
        bad = self.find(r"critical:|fatal:|Sanitizer|runtime error|Assertion")
        assert not bad, f"dispatcherd said: {bad.string}"


def exchange(connection, method, path, body=None, headers=None):
    """Sends one request on a connection; returns the Answer."""
    headers = dict(headers or {})
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def read_answer(sock):
    """Reads one answer from a socket; returns the Answer."""
    response = http.client.HTTPResponse(sock)
    response.begin()
    return Answer(response.status, response.headers, response.read())


def predictions(answer):
    """Returns what a model server predicted."""
    return json.loads(answer.body)["predictions"]


def check_error(answer, status, pattern=""):
    """Fails unless it is an error of ours with that status, and with words that match."""
    equal(answer.status, status, f"status ({answer.body!r})")
    equal(answer.headers["Content-Type"], "application/json", "content type")
    document = json.loads(answer.body)
    equal(list(document), ["error"], "members of the error")
    message = document["error"]
    assert re.search(pattern, message), f'"{message}" does not say "{pattern}"'
    assert "/tmp/" not in message and ".c:" not in message, f'"{message}" tells too much'


# --- doubles -------------------------------------------------------------------------------


class Listener:
    """A socket that refuses connections until open() is called, at a port that stays its own."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def end(self):
        """Closes it."""
        self.socket.close()


class Double:
    """A model server that does with each connection what a function says."""

    def __init__(self, serve):
        self.serve = serve
        self.changed = threading.Condition()
        self.requests = []  # (head, body) of each, as bytes
        self.n_closed = 0  # connections that the daemon closed while it waited for an answer
        self.released = threading.Event()
        self.connections = []
        self.listener = Listener()
        self.port = self.listener.port
        self.listener.socket.listen(1024)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.socket.accept()
                self.connections.append(connection)
                threading.Thread(target=self._run, args=[connection], daemon=True).start()

    def _run(self, connection):
        with contextlib.suppress(OSError, ValueError), connection:
            self.serve(self, connection)

    def read_request(self, connection):
        """Reads a whole request; returns its body, or None when the connection ends."""
        received = bytearray()
        while b"\r\n\r\n" not in received:
            some = connection.recv(65536)
            if not some:
                return None
            received += some
        end = received.index(b"\r\n\r\n") + 4
        head, body = bytes(received[:end]), received[end:]
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        wanted = int(length.group(1)) if length else 0
        while len(body) < wanted:
            some = connection.recv(1 << 20)
            if not some:
                return None
            body += some
        with self.changed:
            self.requests.append((head, bytes(body)))
            self.changed.notify_all()
        return bytes(body)

    def wait_for_requests(self, count):
        """Waits until so many requests have come."""
        with self.changed:
            came = self.changed.wait_for(lambda: len(self.requests) >= count, LIMIT)
        assert came, f"{len(self.requests)} requests came to the double, expected {count}"

    def hold(self, connection):
        """Never answers; notes when the daemon closes the connection."""
        with contextlib.suppress(ConnectionResetError):
            connection.recv(1)
        with self.changed:
            self.n_closed += 1
            self.changed.notify_all()

    def wait_for_closed(self, count):
        """Waits until the daemon has given up so many calls."""
        with self.changed:
            came = self.changed.wait_for(lambda: self.n_closed >= count, LIMIT)
        assert came, f"{self.n_closed} connections were closed by the daemon, expected {count}"

    def end(self):
        """Closes everything."""
        # A thread that waits in accept() holds the socket until it is shut down.
        with contextlib.suppress(OSError):
            self.listener.socket.shutdown(socket.SHUT_RDWR)
        self.listener.end()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def response(body, status="200 OK", more=""):
    """Returns a whole HTTP answer as bytes."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def answering(*chunks, close=False):
    """Returns a function for a Double: each request gets these bytes."""

    def serve(double, connection):
        while double.read_request(connection) is not None:
            for chunk in chunks:
                connection.sendall(chunk)
            if close:
                return

    return serve


def holding(double, connection):
    """Never answers: for a Double."""
    if double.read_request(connection) is not None:
        double.hold(connection)


class HttpDouble:
    """An HTTP server made of a function (method, path, body) → (status, document).

    It refuses connections until open(), and again after close().
    """

    def __init__(self, serve):
        double = self

        class Exchange(http.server.BaseHTTPRequestHandler):
            """One connection."""

            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def _serve(self):
                length = int(self.headers.get("Content-Length", 0))
                status, document = serve(self.command, self.path, self.rfile.read(length))
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                if not double.is_open:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = _serve

            def log_message(self, *_):
                """Says nothing."""

            def setup(self):
                super().setup()
                double.connections.append(self.connection)

        class Server(http.server.ThreadingHTTPServer):
            """Says nothing of clients that are gone."""

            daemon_threads = True
            block_on_close = False
            request_queue_size = 256

            def handle_error(self, *_):
                pass

        self.is_open = False
        self.connections = []
        self.server = Server(("127.0.0.1", 0), Exchange, bind_and_activate=False)
        self.server.server_bind()
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self):
        """Begins to answer."""
        self.is_open = True
        self.server.server_activate()
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def close(self):
        """Dies: refuses connections and breaks those that are open."""
        if self.is_open:
            self.is_open = False
            self.server.shutdown()
        self.server.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    end = close


# --- fleets --------------------------------------------------------------------------------


def container(name, port, **more):
    """Returns a container of a fleet; by default it serves every model, as a GPU does."""
    return {
        "container": name,
        "model": "all",
        "version": 1,
        "active": True,
        "device": 1,
        "node": "127.0.0.1",
        "port": port,
        "quota": 100000,
        **more,
    }


MODELS = [
    {"name": "half_plus_two", "version": 1, "sla": 1000},
    {"name": "half_plus_three", "version": 1, "sla": 1000},
]


def to_yaml(models, containers):
    """Returns a fleet in the form of the Containers Manager's configuration."""

    def entries(items):
        return "".join(
            f"{'- ' if first else '  '}{key}: {json.dumps(value)}\n"
            for item in items
            for first, (key, value) in zip([True] + [False] * len(item), item.items())
        )

    return "".join(
        f"{name}:{' []' if not items else ''}\n{entries(items)}"
        for name, items in (("models", models), ("containers", containers))
    )


# --- houses --------------------------------------------------------------------------------


class House:
    """What a case starts, and a directory for it; all ends when the case does."""

    def __init__(self):
        self.inhabitants = []
        self.directory = None

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="dispatcherd-e2e-")
        return self

    def __exit__(self, kind, *_):
        try:
            # A daemon that is still there must end well, while its peers are still there too.
            for daemon in self.inhabitants:
                if kind is None and isinstance(daemon, Daemon) and daemon.process.poll() is None:
                    daemon.stop()
        finally:
            for inhabitant in reversed(self.inhabitants):
                inhabitant.end()
            self.directory.cleanup()

    def logs(self):
        """Returns what the programs said at last."""
        text = ""
        for program in self.inhabitants:
            if isinstance(program, Program):
                text += f"--- {program.name}: {program.fate}\n"
                text += "".join(f"{line}\n" for line in program.lines[-40:])
        return text

    def add(self, inhabitant):
        """Keeps something that has to be ended; returns it."""
        self.inhabitants.append(inhabitant)
        return inhabitant

    def path(self, name):
        """Returns a path in the directory of the case."""
        return os.path.join(self.directory.name, name)

    def write(self, name, text):
        """Writes a file, at once for everybody who looks; returns its path."""
        path = self.path(name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(path + ".new", path)
        return path

    def fleet(self, *containers, models=None):
        """Writes a fleet file; returns its path."""
        return self.write("fleet.yaml", to_yaml(MODELS if models is None else models, containers))

    def model_server(self, name="gpu", *options):
        """Starts a demo model server; returns it, with its port."""
        arguments = [MODEL_SERVER, "--port", "0", "--name", name, *options]
        server = self.add(Program(name, arguments, environment()))
        server.port = int(server.wait_for(r"listening on 127\.0\.0\.1:(\d+)").group(1))
        return server

    def serving_fleet(self, n_containers=3, *options):
        """Starts so many model servers and writes the fleet of them; returns both."""
        servers = [self.model_server(f"gpu-{i}", *options) for i in range(n_containers)]
        return servers, self.fleet(*(container(server.name, server.port) for server in servers))

    def double(self, serve):
        """Starts a Double."""
        return self.add(Double(serve))

    def http_double(self, serve):
        """Makes an HttpDouble, which is not open yet."""
        return self.add(HttpDouble(serve))

    def start_daemon(
        self,
        *arguments,
        config="",
        listen=("127.0.0.1:0",),
        workers=2,
        state=None,
        wrapper=(),
        env=None,
    ):
        """Starts a daemon of which nothing else is known yet, with a state directory of its own.

        The wrapper is a program that becomes the daemon, with its arguments; env is what its
        environment has besides.
        """
        state = state or self.path(f"state-{len(self.inhabitants)}")
        path = self.write("dispatcherd.conf", config)
        addresses = [word for address in listen for word in ("--listen", address)]
        return self.add(
            Daemon(
                state,
                ["--config", path, *addresses, "--workers", str(workers), "--state-dir", state]
                + list(arguments),
                environment(**(env or {})),
                wrapper,
            )
        )

    def daemon(self, *arguments, **more):
        """Starts a daemon that can predict."""
        return self.start_daemon(*arguments, **more).start()

    def simple(self, *options, **more):
        """Starts a daemon with one model server behind it; returns the daemon."""
        _, fleet = self.serving_fleet(1, *options)
        return self.daemon("--fleet", fleet, **more)


def press(house, daemon, count, connections=32):
    """Has wrk send so many different predictions; fails unless each was answered rightly."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
    started = time.monotonic()
    words = [find_tool("wrk"), "-t", WRK_THREADS, "-c", connections, "-d", "1h"]
    words += ["--timeout", f"{LIMIT}s", "-s", script, f"http://{daemon.address}"]
    words += ["--", count // WRK_THREADS]
    wrk = house.add(Program("wrk", [str(word) for word in words], environment()))
    with wrk.said:
        wrk.said.wait_for(
            lambda: wrk.lines.count("finished") == WRK_THREADS or wrk.silent, LIMIT + count / 100
        )
    took = time.monotonic() - started
    # What the daemon says of itself tells more than what wrk says.
    assert wrk.lines.count("finished") == WRK_THREADS, f"wrk does not finish; {daemon.status()}"
    # Both may have finished before wrk began to wait for its end, so it is told until it listens.
    eventually(lambda: wrk.silent or wrk.signal(signal.SIGINT), what="the end of wrk")
    equal(wrk.wait(), 0, "exit status of wrk")
    total = wrk.wait_for(r"^sum: (.*)$").group(1)
    equal(total, f"{count} 0 0 0 0 0 0", "requests, wrong, non-2xx, connect, read, write, timeout")
    note(f"{count} requests in {took:.1f} s, {count / took:.0f} each second")


class Clients:
    """Some clients that send predictions, each on a connection of its own, until stop().

    They keep of each answer when it came, its status, its id, and why it was none of a container.
    Of a connection that breaks they keep nothing: they wait a little and dial again.
    """

    def __init__(self, daemon, count, headers=None, **request):
        self.daemon = daemon
        self.headers = headers
        self.request = request
        self.over = threading.Event()
        self.answers = []
        self.join = in_threads(count, self._run)

    def _run(self, _):
        body = json.dumps({"model": "half_plus_two", "version": 1, "instances": [1], **self.request})
        connection = self.daemon.connect()
        while not self.over.is_set():
            try:
                answer = exchange(connection, "POST", "/predict", body, self.headers)
            except (OSError, http.client.HTTPException):
                connection.close()
                self.over.wait(0.01)
                continue
            id = answer.headers["X-Dispatch-Id"]
            reason = answer.headers["X-Dispatch-Reason"]
            self.answers.append((time.monotonic(), answer.status, id, reason))
        connection.close()

    def wait_for(self, count):
        """Waits until so many answers have come."""
        eventually(lambda: len(self.answers) >= count, what=f"the answer number {count}")

    def stop(self):
        """Waits for the last answers; returns all."""
        self.over.set()
        self.join()
        return self.answers


def find_tool(name, why=None):
    """Returns the path of a program that the test needs, unless there is a reason against it."""
    # Debian has daemons where only root looks.
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")
    if path is not None and why is None:
        return path
    why = why or f"{name}, the Debian package of that name, is not installed"
    # Where tests have to be complete, that is a failure.
    assert not os.environ.get("CI"), why
    raise Skip(why)


def find_strace():
    """Returns the path of strace, which must be allowed to look at a process of ours."""
    path = find_tool("strace")
    tried = subprocess.run([path, "-o", os.devnull, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        complaint = tried.stderr.decode(errors="replace").strip()
        find_tool("strace", f"ptrace is not permitted here: {complaint}")
    return path


@contextlib.contextmanager
def failing_disk(house, daemon, calls, error):
    """Lets these system calls of the daemon fail with this error, for a while.

    strace does it, and lets go of the daemon again: then there is room.
    """
    words = ["-f", "-qq", "-p", str(daemon.pid), "-o", os.devnull]
    words += ["-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"]
    strace = house.add(Program("strace", [find_strace(), *words], environment()))
    eventually(lambda: is_traced(daemon), what="the attachment of strace")
    try:
        yield
    finally:
        strace.signal(signal.SIGINT)
        strace.wait()


def is_traced(daemon):
    """Tells whether all threads of the daemon have a tracer."""
    for task in os.listdir(f"/proc/{daemon.pid}/task"):
        with open(f"/proc/{daemon.pid}/task/{task}/status", encoding="ascii") as status:
            if re.search(r"^TracerPid:\t0$", status.read(), re.MULTILINE):
                return False
    return True


def small_disk(path, size):
    """Returns a wrapper that has a file system in memory, of that size, at a path.

    It is there only for the daemon, and as long as that runs: others find it below
    /proc/PID/root.
    """
    mount = 'mount -t tmpfs -o "size=$1" small-disk "$2" && shift 2 && exec "$@"'
    wrapper = [find_tool("unshare"), "-rm", "sh", "-c", mount, "sh", str(size), path]
    tried = subprocess.run([*wrapper, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        find_tool("unshare", f"mounts are not permitted here: {tried.stderr.strip()}")
    return wrapper


def in_threads(count, work):
    """Calls work(i) in so many threads at once.

    Returns a function that waits for them and returns what they return, or raises what one raised.
    """
    results = [None] * count

    def body(i):
        try:
            results[i] = work(i)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            results[i] = error

    threads = [threading.Thread(target=body, args=[i], daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()

    def join():
        for thread in threads:
            thread.join(LIMIT * 2)
            assert not thread.is_alive(), "a client did not end"
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results

    return join
