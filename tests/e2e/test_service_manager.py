"""A server that a service manager started: what it tells over NOTIFY_SOCKET, and the socket that it is handed."""
import os
import pathlib
import socket
import subprocess
import sys
import unittest

from harness import DocMindTest

# Gives the program a listening socket as descriptor 3, as systemd does: sd_listen_fds(3).
HAND_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


class ServiceManager(DocMindTest):
    def setUp(self):
        super().setUp()
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.ear.close)
        self.ear.settimeout(60)
        self.environment["NOTIFY_SOCKET"] = str(pathlib.Path(self.folder.name) / "notify")
        self.ear.bind(self.environment["NOTIFY_SOCKET"])

    def hear(self):
        return self.ear.recv(4096).decode().splitlines()

    def hear_until(self, line):
        while True:
            told = self.hear()
            if line in told:
                return told

    def test_it_tells_what_it_does(self):
        self.environment["WATCHDOG_USEC"] = "2000000"
        process, address = self.serve()
        self.assertEqual(self.hear(), ["READY=1", f"STATUS=listening on {address}"])
        self.assertEqual(self.get(address, "/health/live")[0], 200)
        self.assertEqual(self.hear()[0], "WATCHDOG=1")
        self.hear_until("STATUS=ready")  # Once its models are there.
        process.terminate()
        self.hear_until("STOPPING=1")
        self.assertEqual(process.wait(60), 0)
        self.ear.settimeout(0)
        self.assertRaises(BlockingIOError, self.hear)

    def test_a_service_takes_its_port_and_no_other(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            said = self.docmind("--set", f"server.port={port}", "serve", code=1)
        self.assertIn(f"port {port} of 127.0.0.1 is taken", said.err)
        self.assertIn("server.port", said.err)
        self.ear.settimeout(0)
        self.assertRaises(BlockingIOError, self.hear)  # It was never ready.

    def handed(self, listening, count="1"):
        os.set_inheritable(listening.fileno(), True)
        process = subprocess.Popen([sys.executable, "-c", HAND_OVER, str(listening.fileno()), count, *self.command("serve")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment,
                                   stdin=subprocess.DEVNULL, close_fds=False)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def test_a_socket_that_is_handed_over_is_served(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            # Somebody calls before anything runs: the call waits in the socket.
            early = socket.create_connection(("127.0.0.1", port))
            self.addCleanup(early.close)
            early.settimeout(60)
            early.sendall(f"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            process = self.handed(listening)
            self.assertEqual(process.stdout.readline(), f"listening on http://127.0.0.1:{port}\n")
            self.assertIn(b" 200 ", early.recv(4096))
            self.assertEqual(self.get(f"http://127.0.0.1:{port}", "/health/live")[0], 200)
            # None of its children has it: it would stay open after the server.
            self.hear_until("STATUS=ready")
            threads = pathlib.Path(f"/proc/{process.pid}/task").iterdir()
            children = " ".join((thread / "children").read_text() for thread in threads).split()
            inode = os.readlink(f"/proc/{process.pid}/fd/3")
            self.assertTrue(children)
            for child in children:
                held = [os.readlink(fd) for fd in pathlib.Path(f"/proc/{child}/fd").iterdir()]
                self.assertNotIn(inode, held)
            self.stop(process)
        self.assertRaises(OSError, socket.create_connection, ("127.0.0.1", port))

    def test_an_address_of_others_needs_a_key_when_handed_over_too(self):
        with socket.create_server(("0.0.0.0", 0)) as listening:
            process = self.handed(listening)
            self.assertEqual(process.wait(60), 1)
            self.assertIn("needs a key", process.stderr.read())

    def test_what_is_no_address_is_refused(self):
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self.work / "other.sock"))
            listening.listen()
            for count in ("1", "2"):
                process = self.handed(listening, count)
                self.assertEqual(process.wait(60), 1)
                self.assertIn("one listening TCP socket", process.stderr.read())


if __name__ == "__main__":
    unittest.main()
