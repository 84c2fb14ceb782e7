"""Our own fault proxy does what it says: faults F18 to F23, F38 of the fault catalogue, each seen by a plain client."""
import gzip
import http.client
import http.server
import json
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import unittest

from fault_proxy import KINDS, Fault, FaultProxy

WHOLE = json.dumps({"choices": [{"message": {"content": "x" * 500}}]}).encode()
EVENTS = [f'data: {{"n":{n},"text":"值班"}}\n\n'.encode() for n in range(40)] + [b"data: [DONE]\n\n"]


class Backend(http.server.ThreadingHTTPServer):
    """Answers at once, whole or as events; says what it was asked and whether a client left it before the end."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.left = threading.Event()
        self.hold = None  # Between the events of a stream.
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        backend = self.server
        backend.asked.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        if self.path == "/stream":
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for event in EVENTS:
                try:
                    self.wfile.write(event)
                except OSError:
                    return backend.left.set()
                if backend.hold:
                    backend.hold.wait(0.01)
        else:
            self.send_header("Content-Length", str(len(WHOLE)))
            self.end_headers()
            self.wfile.write(WHOLE)


class FaultProxyTest(unittest.TestCase):
    def setUp(self):
        self.backend = Backend()
        self.addCleanup(self.backend.server_close)
        self.addCleanup(self.backend.shutdown)

    def proxy(self, *script, **more):
        proxy = FaultProxy(self.backend.server_address, script, **more)
        self.addCleanup(proxy.close)
        return proxy

    def post(self, proxy, path="/whole", timeout=60):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
        try:
            connection.request("POST", path, b"question")
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def raw(self, proxy, path="/whole"):
        """The bytes of a reply, and whether the connection was reset."""
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi".encode())
            got = b""
            try:
                while piece := connection.recv(1 << 16):
                    got += piece
            except ConnectionResetError:
                return got, True
            return got, False

    def silent(self, proxy, path="/whole"):
        """What came before the proxy fell silent; fails when the connection ends."""
        before = proxy.silences
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.2) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi".encode())
            got = b""
            while True:
                silent = proxy.silences > before
                try:
                    piece = connection.recv(1 << 16)
                    self.assertTrue(piece, "the connection ended")
                    got += piece
                except TimeoutError:
                    if silent:
                        return got

    def test_without_a_fault_everything_passes(self):
        proxy = self.proxy()
        self.assertEqual(self.post(proxy)[2], WHOLE)
        self.assertEqual(self.post(proxy, "/stream")[2], b"".join(EVENTS))
        self.assertEqual(self.backend.asked, [("/whole", b"question"), ("/stream", b"question")])
        self.assertEqual(proxy.injected, {"none": 2})

    def test_a_request_of_a_mebibyte_that_asks_first(self):
        proxy = self.proxy()
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
            connection.sendall(b"POST /whole HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1048576\r\n\r\n")
            self.assertIn(b"100 Continue", connection.recv(100))
            connection.sendall(b"q" * 1048576)
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200"))
        self.assertEqual(len(self.backend.asked[0][1]), 1048576)

    def test_refused_and_reset(self):
        proxy = self.proxy(Fault("refuse"), Fault("reset", after=100))
        self.assertEqual(self.raw(proxy), (b"", True))
        got, was_reset = self.raw(proxy, "/stream")
        self.assertTrue(was_reset)
        self.assertLessEqual(len(got.partition(b"\r\n\r\n")[2]), 100)  # A reset may overtake bytes.
        self.assertEqual(self.post(proxy)[0], 200)
        self.assertEqual(proxy.injected, {"refuse": 1, "reset": 1, "none": 1})

    def test_cut_within_a_character(self):
        at = EVENTS[0].index("值".encode()) + 1
        got, was_reset = self.raw(self.proxy(Fault("cut", after=at)), "/stream")
        self.assertFalse(was_reset)
        self.assertEqual(got.partition(b"\r\n\r\n")[2], EVENTS[0][:at])

    def test_hangs_before_and_after_headers(self):
        proxy = self.proxy(Fault("hang"), Fault("stall", after=0), Fault("stall", after=50))
        self.assertEqual(self.silent(proxy), b"")
        self.assertEqual(self.backend.asked, [])
        head, _, body = self.silent(proxy).partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200"))
        self.assertEqual(body, b"")
        self.assertEqual(self.silent(proxy).partition(b"\r\n\r\n")[2], WHOLE[:50])

    def test_a_drip_comes_whole(self):
        proxy = self.proxy(Fault("drip", pause=0.0001, piece=3))
        self.assertEqual(self.post(proxy, "/stream")[2], b"".join(EVENTS))

    def test_statuses_with_retry_after(self):
        proxy = self.proxy(Fault("status", status=429, retry_after=3), Fault("status"))
        status, headers, body = self.post(proxy)
        self.assertEqual((status, headers["Retry-After"]), (429, "3"))
        self.assertEqual(json.loads(body)["error"]["message"], "injected 429")
        status, headers, _ = self.post(proxy)
        self.assertEqual((status, headers["Retry-After"]), (503, None))

    def test_what_is_no_reply(self):
        proxy = self.proxy(Fault("garbage"), Fault("half_head"), Fault("html"), Fault("bad_json"), Fault("nan"))
        self.assertEqual(len(self.raw(proxy)[0]), 4096)
        self.assertEqual(self.raw(proxy)[0], b"HTTP/1.1 200 OK\r\nContent-Ty")
        self.assertIn(b"<!doctype html>", self.post(proxy)[2])
        with self.assertRaises(json.JSONDecodeError):
            json.loads(self.post(proxy)[2])
        self.assertIn(b"NaN", self.post(proxy)[2])

    def test_too_much(self):
        proxy = self.proxy(Fault("huge_line", size=5 << 20), Fault("gzip_bomb", size=50 << 20), Fault("interim", size=90))
        self.assertGreaterEqual(len(self.post(proxy)[2]), 5 << 20)
        packed = self.post(proxy)[2]
        self.assertLess(len(packed), 100_000)
        self.assertEqual(len(gzip.decompress(packed)), 50 << 20)
        self.assertEqual(self.raw(proxy)[0].count(b"100 Continue"), 90)

    def test_lengths_that_are_not_true(self):
        proxy = self.proxy(Fault("longer"), Fault("shorter"))
        with self.assertRaises(http.client.IncompleteRead):
            self.post(proxy)
        self.assertEqual(self.post(proxy)[2], WHOLE[:-10])

    def test_down_and_up_at_the_same_port(self):
        proxy = self.proxy()
        proxy.down()
        with self.assertRaises(ConnectionRefusedError):
            self.post(proxy)
        proxy.up()
        self.assertEqual(self.post(proxy)[0], 200)

    def test_a_partition_loses_nothing(self):
        proxy = self.proxy()
        proxy.partition()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(self.post(proxy)[2]))
        asking.start()
        asking.join(0.2)
        self.assertEqual((answers, self.backend.asked), ([], []))
        proxy.heal()
        asking.join(60)
        self.assertEqual(answers, [WHOLE])

    def test_a_client_that_leaves_is_passed_on(self):
        proxy = self.proxy()
        self.backend.hold = threading.Event()
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
            connection.sendall(b"POST /stream HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
            self.assertTrue(connection.recv(100))
        self.assertTrue(self.backend.left.wait(60))

    def test_a_seed_repeats_its_faults(self):
        def kinds(seed):
            chances = [(Fault(kind), 0.02) for kind in KINDS]
            proxy = self.proxy(seed=seed, chances=chances)
            return [proxy.draw() for _ in range(1000)]

        first = kinds(1)
        self.assertEqual(first, kinds(1))
        self.assertNotEqual(first, kinds(2))
        share = sum(fault.kind != "none" for fault in first) / len(first)
        self.assertAlmostEqual(share, 0.02 * len(KINDS), delta=0.06)

    def test_as_a_program(self):
        program = pathlib.Path(__file__).with_name("fault_proxy.py")
        host, port = self.backend.server_address
        process = subprocess.Popen([sys.executable, program, "--upstream", f"{host}:{port}", "--chance", "status=1",
                                    "--retry-after", "2"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        address = process.stdout.readline().split()[-1]
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        connection.request("POST", "/whole", b"question")
        self.assertEqual(connection.getresponse().headers["Retry-After"], "2")
        connection.close()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(json.loads(process.stdout.read()), {"requests": 1, "injected": {"status": 1}})


if __name__ == "__main__":
    unittest.main()
