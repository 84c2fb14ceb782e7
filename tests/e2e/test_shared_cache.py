"""Kept answers of two machines in one Redis: given on the other, purged for both, done without while it is away."""
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.request

from harness import DocMindTest
from test_answer_cache import HOUSE, PUMP, QUESTION

OTHER = "What is written down each hour?"
PATIENCE = 60  # Seconds for what takes a moment; beside other tests longer.


class Redis:
    """A real one on a free port, with its data in `folder`; killed when the test ends."""

    def __init__(self, test, *args):
        self.args = args
        self.folder = test.data.parent / "redis"
        self.folder.mkdir()
        test.addCleanup(self.kill)
        for _ in range(5):  # Somebody else may take the port between the two.
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
            self.url = f"redis://127.0.0.1:{self.port}/0"
            if self.start():
                return
        raise AssertionError("redis-server does not start")

    def start(self):
        self.process = subprocess.Popen(["/usr/bin/redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
                                         "--dir", str(self.folder), "--save", "", *self.args],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            if self.say("PING").startswith(("+PONG", "-NOAUTH")):
                return True
            time.sleep(0.02)
        return False

    def say(self, *words):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall((" ".join(words) + "\r\n").encode())
                return connection.recv(4096).decode().split("\r\n")[0]
        except OSError:
            return ""

    def kill(self):
        self.process.kill()
        self.process.wait()

    def halt(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)


class SharedCache(DocMindTest):
    def setUp(self):
        super().setUp()
        del self.environment["DOCMIND_CACHE__ENABLED"]
        self.write("pump.md", PUMP.format(bar=40))
        self.write("house.md", HOUSE.format(colour="Striped"))
        self.docmind("ingest", self.work)
        self.first, self.second = self.data, self.data.parent / "second"
        self.second.mkdir()
        shutil.copy(self.first / "library.db", self.second)

    def use(self, redis):
        self.environment["DOCMIND_CACHE__SHARED"] = redis.url

    def serve_both(self):
        addresses = []
        for self.data in (self.second, self.first):
            self.server, address = self.serve("--set", "ask.max_claims=1")
            addresses.insert(0, address)
        return addresses  # The first one's, whose server is self.server and whose data commands use, comes first.

    def ask(self, address, question=QUESTION, **fields):
        start = time.monotonic()
        status, answer = self.post(address, "/api/ask", {"question": question, **fields})
        self.assertEqual(status, 200, answer)
        answer["took"] = time.monotonic() - start
        return answer

    def place(self, address):
        return self.get(address, "/api/cache")[1]["place"]

    def wait_until_at(self, address, place):
        until = time.monotonic() + PATIENCE
        while (now := self.place(address)) != place:
            self.assertLess(time.monotonic(), until, now)
            time.sleep(0.1)

    def delete(self, address, path):
        return self.request(urllib.request.Request(address + path, method="DELETE"))

    def test_an_answer_is_given_on_the_other_machine(self):
        redis = Redis(self)
        self.use(redis)
        one, other = self.serve_both()
        self.assertEqual((self.place(one), self.place(other)), (redis.url, redis.url))
        made = self.ask(one)
        self.assertEqual(made["cache"], "miss")
        given = self.ask(other)
        self.assertEqual(given["cache"], "exact", self.get(other, "/metrics")[1])
        for field in ("answer", "claims", "status", "mode"):
            self.assertEqual(given[field], made[field], field)
        self.assertTrue(self.post(other, "/api/verify", given)[1]["holds"])
        self.assertEqual(given["sends_text_to"], [])  # It is on this machine.
        took = sorted(self.ask(other)["took"] for _ in range(50))
        print(f"\na hit in Redis: median {took[25] * 1000:.1f} ms, p98 {took[48] * 1000:.1f} ms; made in {made['took'] * 1000:.0f} ms")

        # Deleted on one machine: gone there and from Redis. The other still has the document, and answers anew; that
        # answer's evidence is not in the first one's library, so there it is not given.
        self.docmind("delete", self.work / "pump.md")
        gone = self.ask(one)
        self.assertEqual(gone["cache"], "miss")
        self.assertNotIn("bar", gone["answer"])
        again = self.ask(other, cache="refresh")
        self.assertIn("40 bar", again["answer"])
        gone = self.ask(one)
        self.assertEqual(gone["cache"], "miss")
        self.assertNotIn("bar", gone["answer"])

        stats = self.docmind("cache", "stats")
        self.assertIn(redis.url, stats.out)
        self.ask(other)
        self.docmind("cache", "purge", "--all")
        self.assertEqual(self.ask(other)["cache"], "miss")

    def test_another_library_shares_nothing(self):
        redis = Redis(self)
        self.use(redis)
        shutil.rmtree(self.second)
        self.data = self.second
        self.docmind("ingest", self.work)  # The same documents, in a library of its own.
        one, other = self.serve_both()
        self.ask(one)
        self.assertEqual(self.ask(other)["cache"], "miss")
        self.assertEqual(self.ask(one)["cache"], "exact")

    def test_without_redis_both_go_on_and_come_back(self):
        redis = Redis(self)
        self.use(redis)
        one, other = self.serve_both()
        self.ask(one)
        self.assertEqual(self.ask(other)["cache"], "exact")
        redis.kill()
        for address in (one, other):
            answer = self.ask(address)
            self.assertEqual((answer["cache"], answer["status"]), ("miss", "answered"))
            self.ask(address)  # The first one's answer is not kept: nobody knows what was purged meanwhile.
            self.assertEqual(self.ask(address)["cache"], "exact")
            stats = self.get(address, "/api/cache")[1]
            self.assertEqual(stats["place"], "this machine")
            self.assertIn("is away", stats["trouble"])
        redis.start()
        for address in (one, other):
            self.wait_until_at(address, redis.url)
        self.assertEqual(self.ask(one, OTHER)["cache"], "miss")
        self.assertEqual(self.ask(other, OTHER)["cache"], "exact")

        redis.halt()  # It takes connections and says nothing.
        slow = self.ask(one)
        quick = self.ask(one)
        print(f"\nRedis hangs: the first question took {slow['took'] * 1000:.0f} ms, the next {quick['took'] * 1000:.0f} ms")
        self.assertEqual(quick["status"], "answered")
        redis.go_on()
        self.wait_until_at(one, redis.url)

    def health(self, address):
        """Of the whole, and the check of the shared cache; asked as somebody who waits for it."""
        start = time.monotonic()
        health = self.get(address, "/health")[1]
        self.assertLess(time.monotonic() - start, 1)  # 0.1 is the target; it waits for nobody who may be away.
        return health["status"], {check["name"]: check for check in health["checks"]}["shared cache"]

    def wait_for_health(self, address, status):
        until = time.monotonic() + PATIENCE
        while (now := self.health(address))[0] != status:
            self.assertLess(time.monotonic(), until, now)
            time.sleep(0.1)
        return now[1]

    def test_health_follows_redis_though_nobody_asks(self):
        redis = Redis(self)
        self.use(redis)
        _, address = self.serve()
        self.ask(address)
        check = self.wait_for_health(address, "healthy")
        self.assertEqual((check["status"], check["last_error"], check["fallback"]), ("ok", None, None))
        for go, come in ((redis.kill, redis.start), (redis.halt, redis.go_on)):
            before = time.time() * 1000
            go()
            check = self.wait_for_health(address, "degraded")
            self.assertEqual((check["status"], check["fallback"]), ("degraded", "this machine's own cache"))
            self.assertGreaterEqual(check["since_ms"], before - 1)
            self.assertGreaterEqual(check["last_error"]["at_ms"], before - 1)
            self.assertIn("is away", check["message"])
            come()
            well = self.wait_for_health(address, "healthy")
            self.assertEqual((well["status"], well["fallback"]), ("ok", None))
            self.assertGreater(well["since_ms"], check["since_ms"])
            self.assertIsNotNone(well["last_error"])
        self.assertRegex(self.docmind("doctor").out, r"(?m)^ok +shared cache  since \S+Z; last error \S+Z \(")

    def test_a_purge_while_redis_is_away_is_made_up_for(self):
        redis = Redis(self)
        self.use(redis)
        one, other = self.serve_both()
        self.ask(one)
        self.assertEqual(self.ask(other)["cache"], "exact")
        redis.halt()  # What it holds it will hold again.
        self.docmind("cache", "purge", "--all")
        self.assertEqual(self.ask(one)["cache"], "miss")
        self.assertIn("1 purges wait", self.get(one, "/api/cache")[1]["trouble"])
        redis.go_on()
        self.wait_until_at(one, redis.url)
        self.wait_until_at(other, redis.url)
        self.assertEqual(self.ask(other)["cache"], "miss")

        # Nor is it forgotten by a server that ends before Redis is back.
        self.assertEqual(self.ask(one)["cache"], "exact")
        redis.halt()
        self.docmind("cache", "purge", "--document", self.work / "pump.md")
        self.stop(self.server)
        redis.go_on()
        _, one = self.serve("--set", "ask.max_claims=1")
        self.wait_until_at(one, redis.url)
        self.assertEqual(self.ask(one)["cache"], "miss")

    def test_what_cannot_be_used_is_told(self):
        redis = Redis(self, "--requirepass", "secret")
        told = self.docmind("library", "--set", "cache.shared=http://x", code=None)
        self.assertNotEqual(told.code, 0)
        self.assertIn("cache.shared", told.err)
        told = self.docmind("library", "--set", "cache.shared=redis://:secret@192.0.2.1", code=None)
        self.assertNotEqual(told.code, 0)
        self.assertIn("cache.shared would send text to 192.0.2.1", told.err)
        self.assertNotIn("secret", told.err)
        doctor = self.docmind("doctor", "--json", "--set", f"cache.shared={redis.url}", code=None).json
        check = {check["name"]: check for check in doctor["checks"]}["shared cache"]
        self.assertEqual(check["status"], "degraded")
        self.assertIn("refuses user or password", check["message"])
        url = redis.url.replace("127", ":secret@127")
        doctor = self.docmind("doctor", "--json", "--set", f"cache.shared={url}", code=None).json
        check = {check["name"]: check for check in doctor["checks"]}["shared cache"]
        self.assertIn("its append-only file is off", check["message"])
        self.assertNotIn("secret", str(doctor))
        self.environment["DOCMIND_CACHE__SHARED"] = redis.url
        _, address = self.serve()
        self.assertEqual(self.ask(address)["status"], "answered")
        self.assertEqual(self.ask(address)["cache"], "exact")
        self.assertIn("refuses user or password", self.get(address, "/api/cache")[1]["trouble"])


if __name__ == "__main__":
    unittest.main()
