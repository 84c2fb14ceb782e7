"""`docmind service` with a real systemd: a user's service manager in namespaces of its own, for the machine may have another or none."""
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

from harness import DocMindTest
from processes import Cgroups

# A /run of its own, in which systemd has been the first process. The shell stays the first one here: as such systemd would be the machine's.
MANAGER = """
mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0 && /lib/systemd/systemd --user
exit $?
"""


class WithoutSystemd(DocMindTest):
    @unittest.skipIf(os.path.isdir("/run/systemd/system"), "systemd runs here")
    def test_it_says_what_to_do(self):
        for action in ("install", "start", "stop", "status", "logs", "uninstall"):
            said = self.docmind("service", action, code=1)
            self.assertIn("systemd does not run here", said.err)
            self.assertIn("docmind serve", said.err)
        self.assertEqual(list(self.work.iterdir()), [])  # No unit.


class WithSystemd(DocMindTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists("/lib/systemd/systemd"):
            self.skipTest("no systemd is installed: ./dev setup does it")
        self.environment |= {"XDG_RUNTIME_DIR": "/run/user/0", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        self.addCleanup(Cgroups().take_away)
        self.manager = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", MANAGER],
                                        env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.manager.stderr.close)
        self.addCleanup(self.manager.wait)
        self.addCleanup(self.manager.kill)
        if not self.until(lambda: self.ended() or self.systemctl("is-system-running").stdout.strip() in ("running", "degraded")) or self.ended():
            self.manager.kill()
            self.skipTest("no systemd can be started here: " + self.manager.stderr.read()[-300:])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.unit = self.work / ".config/systemd/user/docmind.service"

    def ended(self):
        return self.manager.poll() is not None

    def until(self, true, seconds=60):
        """Whether it comes true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if true():
                return True
            time.sleep(0.05)
        return False

    def inside(self, *command):
        children = pathlib.Path(f"/proc/{self.manager.pid}/task/{self.manager.pid}/children").read_text().split()
        return ["nsenter", "--target", children[0] if children else "0", "--mount", "--pid", *map(str, command)]

    def systemctl(self, *args):
        return subprocess.run(self.inside("systemctl", "--user", *args), env=self.environment, capture_output=True, text=True)

    def shown(self, field):
        return self.systemctl("show", "--value", "-p", field, "docmind.service").stdout.strip()

    def service(self, *args, code=0):
        ran = subprocess.run(self.inside(*self.command("--set", f"server.port={self.port}", "service", *args)), env=self.environment,
                             capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def main_pid(self):
        """As this side of the namespaces sees it."""
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue  # It has ended.
            if f"\nNSpid:\t{status.parent.name}\t{self.shown('MainPID')}\n" in text and "Name:\tdocmind\n" in text:
                return int(status.parent.name)
        return None

    def test_from_the_installation_to_its_end(self):
        said = self.service("install")
        self.assertIn("loginctl enable-linger", said)
        self.assertEqual(self.shown("ActiveState"), "active")  # It has said that it is ready.
        self.assertEqual(self.get(self.address, "/health/live")[0], 200)
        self.assertTrue(self.until(lambda: self.shown("StatusText") == "ready"), self.shown("StatusText"))
        self.assertIn("docmind.service", self.service("status"))

        os.kill(self.main_pid(), signal.SIGKILL)
        self.assertTrue(self.until(lambda: self.shown("NRestarts") == "1" and self.shown("ActiveState") == "active"))
        self.assertEqual(self.get(self.address, "/health/live")[0], 200)

        self.service("stop")
        self.assertEqual(self.shown("ActiveState"), "inactive")
        self.assertEqual(self.shown("Result"), "success")
        self.service("status", code=1)
        self.service("start")
        self.assertEqual(self.get(self.address, "/health/live")[0], 200)
        self.service("logs", "--lines", "5", code=0)

        self.assertIn("data stay", self.service("uninstall"))
        self.assertEqual(self.shown("LoadState"), "not-found")
        self.assertFalse(self.unit.exists())
        self.assertTrue((self.data / "library.db").exists())

    def test_a_server_that_hangs_is_ended_and_started_again(self):
        drop_in = self.unit.with_suffix(".service.d") / "soon.conf"
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("[Service]\nWatchdogSec=10\nTimeoutAbortSec=1\nRestartSec=1\n")
        self.service("install")
        self.assertTrue(self.until(lambda: self.shown("StatusText") == "ready"), self.shown("StatusText"))
        self.assertEqual(self.shown("NRestarts"), "0")  # While it works nothing is ended.
        os.kill(self.main_pid(), signal.SIGSTOP)
        self.assertTrue(self.until(lambda: self.shown("NRestarts") == "1" and self.shown("ActiveState") == "active"))
        self.assertEqual(self.get(self.address, "/health/live")[0], 200)
        self.service("uninstall")

    def test_wrong_settings_are_not_tried_again(self):
        self.service("install")
        self.service("stop")
        self.unit.write_text(self.unit.read_text().replace(f"server.port={self.port}", "server.port=none"))
        self.systemctl("daemon-reload")
        self.service("start", code=1)
        self.assertEqual((self.shown("ExecMainStatus"), self.shown("NRestarts"), self.shown("ActiveState")), ("78", "0", "failed"))

    def test_anothers_unit_is_left_alone(self):
        self.unit.parent.mkdir(parents=True)
        self.unit.write_text("[Service]\nExecStart=/bin/true\n")
        self.assertIn("somebody else wrote", self.service("install", code=1))
        self.assertEqual(self.unit.read_text(), "[Service]\nExecStart=/bin/true\n")


if __name__ == "__main__":
    unittest.main()
