# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine to throw away: a real systemd in namespaces of its own, with the project installed in it.

A test is a script that gives run() its cases.  They share a Machine, which is booted before the
first and ended after the last, well or not.  Each case is a function that takes the Machine and a
House of the tests of the whole daemon: what it starts there is ended when the case ends.  The test
itself runs outside, but in the network of the machine, so that its clients and model servers meet
the daemon there.
"""
import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from fixture import LIMIT, MODELS, Front, House, Skip, container, equal, eventually, note
from fixture import to_yaml

HERE = os.path.dirname(os.path.abspath(__file__))

# How long one command may take, and the boot, in seconds: only a failure takes so long.
COMMAND_LIMIT = 60

CLONE_NEWNET = 0x40000000
SYSTEMD = "/lib/systemd/systemd"
# What the machine needs of Debian, each with the package that has it.
NEEDED = {
    SYSTEMD: "systemd",
    "/usr/bin/dbus-daemon": "dbus-daemon",
    "/usr/lib/systemd/system/dbus.service": "dbus",
    "/usr/lib/polkit-1/polkitd": "polkitd",
    "/usr/share/doc/libpam-systemd": "libpam-systemd",
}
UNIT = "dispatcherd.service"
# A user who may not change anything.
USER = "tester"


def run(*cases):
    """Boots a machine, runs the cases in it, prints TAP, and ends the process."""
    # So that a test that is told to end ends the machine too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    why_not = find_obstacle()
    if why_not:
        print(f"1..0 # SKIP {why_not}")
        sys.exit(0)
    failed = 0
    with Machine() as machine:
        print(f"1..{len(cases)}", flush=True)
        for number, case in enumerate(cases, 1):
            name = case.__doc__.splitlines()[0].rstrip(".")
            verdict, directive, comment = "ok", "", ""
            started = time.monotonic()
            machine.since = time.time()
            house = House()
            try:
                with house:
                    case(machine, house)
            except Skip as reason:
                directive = f" # SKIP {reason}"
            except Exception:  # pylint: disable=broad-exception-caught
                verdict, failed = "not ok", failed + 1
                comment = traceback.format_exc() + house.logs() + machine.journal_tail()
            print(f"{verdict} {number} - {name}{directive}", flush=True)
            note(f"{time.monotonic() - started:.1f} s")
            for line in comment.splitlines():
                print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)


def find_obstacle():
    """Tells why no machine can be booted here, or nothing."""
    missing = sorted({package for path, package in NEEDED.items() if not os.path.exists(path)})
    if missing:
        return f"not installed, in Debian's words: {' '.join(missing)}"
    if os.environ["INSTALL_PREFIX"] != "/usr":
        return "the build has another prefix than /usr, where neither the bus nor polkit look"
    if os.geteuid() != 0:
        return "only root can boot a machine of its own; run it by sudo"
    words = ["unshare", "--fork", "--pid", "--mount", "--ipc", "--uts", "--net", "--cgroup"]
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        return f"namespaces are not allowed here: {tried.stderr.decode(errors='replace').strip()}"
    return None


class Machine:
    """The booted systemd."""

    def __init__(self):
        self.directory = None
        self.group = f"dispatcherd-test-{os.getpid()}"
        self.boot = None
        self.pid = None  # of systemd, as it is seen from here
        self.since = 0  # when the case began, in seconds since the epoch

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="dispatcherd-system-")
        try:
            self._boot()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._end()

    def _boot(self):
        installed, root = self._path("installed"), self._path("root")
        os.mkdir(root)
        subprocess.run(
            ["meson", "install", "-C", os.environ["BUILD_ROOT"], "--no-rebuild", "--quiet"]
            + ["--destdir", installed],
            stdout=subprocess.DEVNULL,
            check=True,
            umask=0o022,
        )
        with open(self._path("boot.log"), "wb") as log:
            self.boot = subprocess.Popen(
                # However this process ends, that one does too.
                ["setpriv", "--pdeathsig", "KILL"]
                + [os.path.join(HERE, "boot"), root, installed, self.group],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.pid = eventually(self._find_systemd, COMMAND_LIMIT, "the boot")
        self._enter_network()
        eventually(
            lambda: os.path.exists(self.outside("/run/systemd/private")), COMMAND_LIMIT, "systemd"
        )
        state = self.run("systemctl", "is-system-running", "--wait", check=False)
        equal(state.stdout.strip(), "running", f"state of the machine {self.failed_units()}")
        self.write("/usr/lib/sysusers.d/tester.conf", f'u {USER} 4242 "Tester" /home/{USER} /bin/sh\n')
        self.run("systemd-sysusers")
        self.run("install", "-d", "-o", USER, "-g", USER, "-m", "0700", f"/home/{USER}")
        # The bus came up before the user of its policy was there.
        self.run("systemctl", "restart", "dbus.service")

    def _find_systemd(self):
        """Returns the process that became systemd, once it has."""
        status = self.boot.poll()
        if status is not None:
            with open(self._path("boot.log"), encoding="utf-8", errors="replace") as log:
                raise AssertionError(f"the boot ended with status {status}: {log.read()}")
        pid = self.boot.pid
        with contextlib.suppress(FileNotFoundError, IndexError):
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                child = int(children.read().split()[0])
            if os.readlink(f"/proc/{child}/exe") == os.path.realpath(SYSTEMD):
                return child
        return None

    def _enter_network(self):
        """From here on this thread, and what it starts, is in the network of the machine."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open(f"/proc/{self.pid}/ns/net", "rb") as namespace:
            if libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def _end(self):
        """Ends all processes of the machine; its mounts and its network go with them."""
        if self.boot is not None:
            systemd = os.pidfd_open(self.pid) if self.pid else None
            self.boot.kill()
            self.boot.wait()
            if systemd is not None:
                select.select([systemd], [], [], LIMIT)
                os.close(systemd)
            self._remove_groups()
        shutil.rmtree(self.directory)

    def _remove_groups(self):
        """Removes the control group of the machine, and those that its systemd made below it."""
        script = (
            'mount -t cgroup2 cgroup2 "$1" && cd "$1$(sed -n s/^0:://p /proc/self/cgroup)" '
            '&& { [ ! -d "$2" ] || find "$2" -depth -type d -exec rmdir {} +; }'
        )
        words = ["unshare", "--mount", "sh", "-c", script, "sh", self._path("root"), self.group]
        eventually(
            lambda: subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode == 0,
            what="the removal of the control groups",
        )

    def _path(self, name):
        return os.path.join(self.directory, name)

    # --- what is in it -------------------------------------------------------------------

    def outside(self, path):
        """Returns where a file of the machine is seen from here."""
        return f"/proc/{self.pid}/root{path}"

    def write(self, path, text, mode=0o644):
        """Writes a file of the machine, at once for everybody who looks."""
        real = self.outside(path)
        os.makedirs(os.path.dirname(real), exist_ok=True)
        with open(real + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(real + ".new", mode)
        os.replace(real + ".new", real)

    def remove(self, path):
        """Removes a file or a folder of the machine, if it is there."""
        real = self.outside(path)
        if os.path.isdir(real):
            shutil.rmtree(real)
        elif os.path.lexists(real):
            os.remove(real)

    def words(self, *words, user=None):
        """Returns the command that runs a command in the machine."""
        enter = ["nsenter", f"--target={self.pid}", "--pid", "--mount", "--ipc", "--uts", "--net"]
        if user is not None:
            uid, gid = self.ids(user)
            enter += [f"--setuid={uid}", f"--setgid={gid}"]
        return [*enter, "--", *words]

    def run(self, *words, check=True, user=None, **variables):
        """Runs a command in the machine, perhaps as another user; returns how it ended."""
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PAGER": ""}
        ended = subprocess.run(
            self.words(*words, user=user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean, **variables},
            text=True,
            errors="replace",
            timeout=COMMAND_LIMIT,
            check=False,
        )
        if check:
            command = " ".join(words)
            equal(ended.returncode, 0, f"status of {command}: {ended.stdout}{ended.stderr}")
        return ended

    def ids(self, user):
        """Returns the numbers of a user of the machine and of its group."""
        with open(self.outside("/etc/passwd"), encoding="utf-8") as users:
            for line in users:
                fields = line.split(":")
                if fields[0] == user:
                    return int(fields[2]), int(fields[3])
        raise AssertionError(f"there is no user {user}")

    def show(self, property, unit=UNIT):
        """Returns a property of a unit, as systemd shows it."""
        return self.run("systemctl", "show", "--property", property, "--value", unit).stdout.strip()

    def journal(self, *arguments):
        """Returns entries of the journal of this case, oldest first, as dictionaries."""
        self.run("journalctl", "--sync")
        words = ["journalctl", "--output=json", "--all", f"--since=@{self.since:.6f}"]
        said = self.run(*words, *arguments).stdout
        return [json.loads(line) for line in said.splitlines()]

    def journal_tail(self):
        """Returns what the machine said in this case, at last."""
        since = f"--since=@{self.since:.6f}"
        said = self.run("journalctl", "--no-pager", "--lines=60", since, check=False)
        return f"--- the journal\n{said.stdout}{said.stderr}{self.failed_units()}"

    def failed_units(self):
        """Returns what systemd tells of the units that failed."""
        return self.run("systemctl", "--failed", "--no-legend", "--plain", check=False).stdout


class Service(Front):
    """dispatcherd as a service of the system; ended, and all that was set is gone, with its House."""

    address = "127.0.0.1:8000"

    def __init__(self, machine, house):
        self.machine = machine
        self.house = house
        house.add(self)

    def configure(self, text, name="test"):
        """Writes a configuration file, which counts more than those whose names come before it."""
        self.machine.write(f"/etc/dispatcherd/conf.d/{name}.conf", text)

    def set_fleet(self, *servers, **members):
        """Writes the fleet file of these model servers, perhaps with other members."""
        containers = [container(server.name, server.port, **members) for server in servers]
        self.machine.write("/etc/dispatcherd/fleet.yaml", to_yaml(MODELS, containers))

    def adjust(self, text, name="test", unit=UNIT):
        """Writes a drop-in of a unit."""
        self.machine.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
        self.machine.run("systemctl", "daemon-reload")

    def prepare(self, *options, n_containers=1, config=""):
        """Starts so many model servers with these options, and configures itself for them."""
        servers = [self.house.model_server(f"gpu-{i}", *options) for i in range(n_containers)]
        self.set_fleet(*servers)
        self.configure("[fleet]\nfile=/etc/dispatcherd/fleet.yaml\n" + config)
        return self

    def activate(self):
        """Starts the service, which then takes predictions."""
        self.machine.run("systemctl", "start", UNIT)
        eventually(self.is_ready, what="readiness")
        return self

    def start(self, *options, **more):
        """Prepares and activates."""
        return self.prepare(*options, **more).activate()

    def pid(self):
        """Returns its main process, as it is seen from the machine."""
        return int(self.machine.show("MainPID"))

    def send_signal(self, name):
        """Sends a signal to its main process."""
        words = ["systemctl", "kill", "--kill-whom=main", f"--signal={name}", UNIT]
        self.machine.run(*words)

    def rows(self):
        """Returns all records that the service has stored."""
        # SQLite would take another path than the one through /proc to a file of the machine.
        words = ["sqlite3", "-readonly", "-json", "/var/lib/dispatcherd/records.db"]
        said = self.machine.run(*words, "SELECT * FROM requests ORDER BY seq").stdout
        return json.loads(said or "[]")

    def end(self):
        """Stops it, and forgets its settings and its state."""
        machine = self.machine
        sockets = machine.run("systemctl", "list-unit-files", "--no-legend", "dispatcherd*.socket")
        units = [UNIT, *(line.split()[0] for line in sockets.stdout.splitlines())]
        # A test that failed may have left what would not end by itself.
        machine.run("systemctl", "kill", "--signal=SIGCONT", UNIT, check=False)
        machine.run("systemctl", "stop", *units)
        machine.run("systemctl", "reset-failed", *units, check=False)
        for unit in units:
            machine.remove(f"/etc/systemd/system/{unit}.d")
        for name in os.listdir(machine.outside("/etc/dispatcherd/conf.d")):
            machine.remove(f"/etc/dispatcherd/conf.d/{name}")
        machine.remove("/etc/dispatcherd/fleet.yaml")
        machine.remove("/var/lib/dispatcherd")
        machine.run("systemctl", "daemon-reload")
