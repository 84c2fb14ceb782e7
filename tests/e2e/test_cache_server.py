"""`docmind cache-server` as a process: several clients at once, kill -9 while it writes, the port that outlives it.

With NIGHTLY set: 200 kills instead of 8, five minutes of 10 writers and 50 readers instead of seconds, and an hour of
probes with a kill a minute instead of five kills.
"""
import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import unittest

from harness import DocMindTest

NIGHTLY = bool(os.environ.get("NIGHTLY"))


class Client:
    """One kept connection; opened again when the server has gone meanwhile."""

    def __init__(self, port):
        self.port, self.connection = port, None

    def ask(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self.connection.request(method, path, body=body, headers=headers or {})
            reply = self.connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def ask(port, *request):
    """One request on a connection of its own."""
    client = Client(port)
    try:
        return client.ask(*request)
    finally:
        client.close()


def value_of(writer, number):
    return f"{writer}:{number}:".encode() + bytes([ord("a") + number % 26]) * (100 + 37 * number % 3000)


class CacheServer(DocMindTest):
    def cache_server(self, *args):
        process = self.start("cache-server", "--port", "0", *args)
        line = process.stdout.readline()
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+$")
        return process, int(line.rsplit(":", 1)[1])

    def worker_of(self, process):
        for _ in range(1000):
            for children in pathlib.Path(f"/proc/{process.pid}/task").glob("*/children"):
                try:
                    pids = children.read_text().split()
                except OSError:  # That thread has ended.
                    continue
                if pids:
                    return int(pids[0])
            time.sleep(0.01)
        self.fail("there is no worker")

    def end_of(self, worker):
        """Waits until it is dead: until then it might still take a connection."""
        for _ in range(1000):
            try:
                if pathlib.Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX":
                    return
            except OSError:
                return
            time.sleep(0.01)
        self.fail("the worker lives on")

    def kill_worker(self, process):
        """Kills it and waits until it is another one."""
        worker = self.worker_of(process)
        os.kill(worker, signal.SIGKILL)
        for _ in range(1000):
            if self.worker_of(process) != worker:
                return
            time.sleep(0.01)
        self.fail("no other worker came")

    def stats(self, port):
        status, body = ask(port, "GET", "/stats")
        self.assertEqual(status, 200)
        return json.loads(body)

    def test_it_is_used_and_started_again(self):
        process, port = self.cache_server()
        one, two = Client(port), Client(port)
        self.assertEqual(one.ask("PUT", "/v1/entries/k?ttl=100&tag=user%3Au", b"value")[0], 204)
        self.assertEqual(two.ask("GET", "/v1/entries/k"), (200, b"value"))
        self.assertEqual(one.ask("PUT", "/v1/agents/planner/standard/What%20is%20it%3F", b"a cache")[0], 204)
        self.assertEqual(two.ask("GET", "/v1/agents/planner/standard/what%20is%20it"), (200, b"a cache"))
        self.assertEqual(json.loads(one.ask("GET", "/health")[1]), {"status": "ok"})
        self.assertIn(b"docmind_cache_hits_total", one.ask("GET", "/metrics")[1])
        taken = self.docmind("cache-server", "--port", str(port), code=1)
        self.assertIn("already in use", taken.err)
        one.close()
        two.close()
        self.stop(process)
        process, port = self.cache_server()
        self.assertEqual(ask(port, "GET", "/v1/entries/k"), (200, b"value"))
        reply = ask(port, "POST", "/v1/purge", b'{"tag":"user:u"}', {"Content-Type": "application/json"})
        self.assertEqual(reply, (200, b'{"purged":1}'))
        # Another one on the same data directory is told so.
        second = self.docmind("cache-server", "--port", "0", code=1)
        self.assertTrue(second.err.strip(), second)
        self.stop(process)

    def test_a_damaged_file_does_not_stop_it(self):
        process, port = self.cache_server()
        self.assertEqual(ask(port, "PUT", "/v1/entries/k", b"value")[0], 204)
        self.stop(process)
        (self.data / "cache-server.db").write_bytes(b"this is no database" * 1000)
        process, port = self.cache_server()
        self.assertEqual(ask(port, "GET", "/v1/entries/k")[0], 404)
        self.assertEqual(ask(port, "PUT", "/v1/entries/k", b"again")[0], 204)
        self.assertEqual(self.stats(port)["renewed"], 1)
        self.assertTrue((self.data / "cache-server.db.damaged-1").exists())
        self.stop(process)

    def test_a_full_disk_does_not_stop_it(self):
        if os.geteuid() != 0:
            self.skipTest("a small disk of one's own needs root")
        self.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "docmind-test", self.data], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.data], check=True)
        filler = self.data / "filler"
        filler.write_bytes(bytes(4 << 20))
        process, port = self.cache_server()
        client = Client(port)
        values = {f"k{n}": os.urandom(50_000) for n in range(150)}  # Of which the disk takes about half.
        for key, value in values.items():
            self.assertEqual(client.ask("PUT", f"/v1/entries/{key}?tag=t", value)[0], 204)
        for key, value in values.items():
            self.assertEqual(client.ask("GET", f"/v1/entries/{key}"), (200, value))
        stats, health = self.stats(port), json.loads(client.ask("GET", "/health")[1])
        self.assertGreater(stats["unstored"], 0)
        self.assertEqual(health["status"], "degraded")
        self.assertIn("disk is full", health["trouble"])
        client.close()
        self.kill_worker(process)
        there = {}
        for key, value in values.items():
            status, body = ask(port, "GET", f"/v1/entries/{key}")
            self.assertIn((status, body if status == 200 else None), ((200, value), (404, None)))
            there[key] = status == 200
        self.assertTrue(any(there.values()) and not all(there.values()), there)
        purged = ask(port, "POST", "/v1/purge", b'{"tag":"t"}', {"Content-Type": "application/json"})
        self.assertEqual(purged, (200, b'{"purged":%d}' % sum(there.values())))
        filler.unlink()
        self.assertEqual(ask(port, "PUT", "/v1/entries/k0", b"value")[0], 204)
        self.assertEqual(json.loads(ask(port, "GET", "/health")[1]), {"status": "ok"})
        self.stop(process)
        process, port = self.cache_server()
        self.assertEqual(ask(port, "GET", "/v1/entries/k0"), (200, b"value"))
        self.assertEqual(ask(port, "GET", "/v1/entries/k1")[0], 404)
        self.stop(process)

    def test_killed_while_it_writes(self):
        """What was acknowledged is there after each kill, whole, and nothing that was purged."""
        process, port = self.cache_server()
        acknowledged, lock, done, failures = {}, threading.Lock(), threading.Event(), []

        def write(writer):
            client, number = Client(port), 0
            while not done.is_set():
                number += 1
                key = f"{writer}-{number % 20}"
                with lock:  # Whoever reads it meanwhile must take both for possible.
                    acknowledged.setdefault(key, [None, None])[1] = number
                try:
                    status, _ = client.ask("PUT", f"/v1/entries/{key}", value_of(writer, number))
                except (OSError, http.client.HTTPException):
                    continue
                if status != 204:
                    failures.append((key, status))
                with lock:
                    acknowledged[key] = [number, number]
            client.close()

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        for thread in writers:
            thread.start()
        kills = 200 if NIGHTLY else 8
        try:
            for kill in range(kills):
                with lock:
                    count = sum(1 for known in acknowledged.values() if known[0])
                while not count:  # At least one has been acknowledged.
                    time.sleep(0.01)
                    with lock:
                        count = sum(1 for known in acknowledged.values() if known[0])
                self.kill_worker(process)
                ask(port, "GET", "/health")
        finally:
            done.set()
            for thread in writers:
                thread.join()
        self.assertEqual(failures, [])
        self.check_values(port, acknowledged)
        self.stop(process)
        process, port = self.cache_server()
        self.check_values(port, acknowledged)
        self.assertEqual(self.stats(port)["quarantined"], 0)
        self.stop(process)
        print(f"{kills} kills, {len(acknowledged)} keys, "
              f"{sum(known[0] or 0 for known in acknowledged.values())} acknowledged writes of the last ones")

    def check_values(self, port, acknowledged):
        client = Client(port)
        for key, (known, begun) in acknowledged.items():
            status, body = client.ask("GET", f"/v1/entries/{key}")
            writer = int(key.split("-")[0])
            if known is None:
                self.assertIn(status, (200, 404))
                continue
            self.assertEqual(status, 200, f"{key}: {known} was acknowledged and is lost")
            number = int(body.split(b":")[1])
            self.assertEqual(body, value_of(writer, number), key)
            self.assertTrue(known <= number <= begun, (key, known, number, begun))
        client.close()

    def test_writers_and_readers(self):
        """10 writers and 50 readers: each key is one linearizable register.

        A key has one writer, so that is: no read gives less than what was acknowledged, or read by anybody, before it
        began, nor more than was begun when it ended; and nothing torn or of another key. A writer reads what it wrote.
        """
        process, port = self.cache_server()
        done, lock, failures, counts = threading.Event(), threading.Lock(), [], collections.Counter()
        begun, least = [0] * 10, [0] * 10

        def read(client, key, who):
            with lock:
                at_least = least[key]
            status, body = client.ask("GET", f"/v1/entries/w{key}")
            number = int(body.split(b":")[1]) if status == 200 else 0
            with lock:
                if not at_least <= number <= begun[key] or (number and body != value_of(key, number)):
                    failures.append(f"{who}, key {key}: {status}, {number} is not in {at_least} to {begun[key]}")
                    done.set()
                least[key] = max(least[key], number)
                counts["reads"] += 1

        def write(writer):
            client = Client(port)
            while not done.is_set():
                with lock:
                    number = begun[writer] = begun[writer] + 1
                status, _ = client.ask("PUT", f"/v1/entries/w{writer}", value_of(writer, number))
                with lock:
                    least[writer] = number
                    if status != 204:
                        failures.append(f"writer {writer}: {status}")
                        done.set()
                read(client, writer, f"writer {writer}")
            client.close()

        def read_all(reader):
            client, reads = Client(port), 0
            while not done.is_set():
                reads += 1
                read(client, (reader + reads) % 10, f"reader {reader}")
            client.close()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(10)]
        threads += [threading.Thread(target=read_all, args=(n,)) for n in range(50)]
        for thread in threads:
            thread.start()
        done.wait(300 if NIGHTLY else 3)  # How much happens meanwhile is not asked.
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertTrue(all(least), least)
        print(f"{sum(begun)} writes, {counts['reads']} reads")
        self.stop(process)

    def test_probes_are_answered_through_kills(self):
        """The parent keeps the port: 99.9 % of 20 probes a second are answered within a second, an hour, 60 kills."""
        seconds, kills = (3600, 60) if NIGHTLY else (3, 5)
        process, port = self.cache_server()
        self.assertEqual(ask(port, "PUT", "/v1/entries/k", b"value")[0], 204)
        done, lock, slowest, probes = threading.Event(), threading.Lock(), [], collections.Counter()

        def probe(number, begin):
            due = begin + number * 0.05
            while not done.wait(max(0, due - time.monotonic())):
                due += 0.2  # Four of them: none is left out because the one before took long.
                began = time.monotonic()
                try:
                    right = ask(port, "GET", "/v1/entries/k") == (200, b"value")
                    outcome = "answered" if right else "wrong"
                except (OSError, http.client.HTTPException):
                    outcome = "cut"
                took = time.monotonic() - began
                with lock:
                    probes["late" if outcome == "answered" and took > 1 else outcome] += 1
                    slowest[:] = sorted([*slowest, took])[-5:]

        def write():
            client, number = Client(port), 0
            while not done.wait(0.02):
                number += 1
                try:
                    client.ask("PUT", f"/v1/entries/other-{number % 20_000}", value_of(0, number))
                except (OSError, http.client.HTTPException):
                    pass
            client.close()

        begin = time.monotonic()
        threads = [threading.Thread(target=probe, args=(n, begin)) for n in range(4)] + [threading.Thread(target=write)]
        for thread in threads:
            thread.start()
        for kill in range(kills):
            done.wait(max(0, begin + (kill + 0.5) * seconds / kills - time.monotonic()))
            self.kill_worker(process)
        done.wait(max(0, begin + seconds - time.monotonic()))
        done.set()
        for thread in threads:
            thread.join()
        whole = sum(probes.values())
        print(f"{kills} kills in {seconds} s: {dict(probes)} of {whole} probes, the slowest took "
              f"{', '.join(f'{took:.3f}' for took in slowest)} s")
        self.assertEqual(probes["wrong"], 0)
        if NIGHTLY:
            self.assertGreaterEqual(probes["answered"], 0.999 * whole)
        self.assertLessEqual(probes["cut"], 4 * kills)  # Under way when it was killed.
        self.stop(process)

    def test_probes_wait_while_it_is_started_again(self):
        process, port = self.cache_server()
        self.assertEqual(ask(port, "PUT", "/v1/entries/k", b"value")[0], 204)
        for _ in range(3):
            worker = self.worker_of(process)
            os.kill(worker, signal.SIGKILL)
            self.end_of(worker)
            # The socket is the parent's: nobody is refused, and nobody has to try again.
            self.assertEqual(ask(port, "GET", "/v1/entries/k"), (200, b"value"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)
        self.assertIn("killed by signal 9", process.stderr.read())

    def test_it_ends_with_its_parent(self):
        process, port = self.cache_server()
        worker = self.worker_of(process)
        ask(port, "GET", "/health")
        process.kill()
        process.wait()
        self.end_of(worker)


if __name__ == "__main__":
    unittest.main()
