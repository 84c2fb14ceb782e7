"""Questions of several machines in one store of vectors: found by their meaning, purged, and gone for a while.

The store is a real PostgreSQL with pgvector, and Qdrant's engine behind a stand-in for its server. Kept answers are in a
real Redis, and the machines are processes with copies of one library."""
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from harness import ROOT, DocMindTest
from test_shared_cache import Redis

QUESTION = "What pressure does the pump run at?"
PARAPHRASE = "Please, what pressure does the pump run at?"
PUMP = "# The pump\n\nThe pump runs at a pressure of 40 bar. The pressure of the pump is measured at its outlet.\n"


class Server:
    """One of tests/servers, which says on which port it is ready."""

    def __init__(self, test, python, script, folder):
        self.command = [python, ROOT / "tests/servers" / script, folder]
        self.test, self.port, self.process = test, 0, None
        test.addCleanup(self.stop)
        self.start()

    def start(self):
        self.process = subprocess.Popen([*map(str, self.command), str(self.port)], stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)
        line = self.process.stdout.readline()
        self.test.assertTrue(line.startswith("ready "), line)
        self.port = int(line.split()[1])

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        self.process.stdout.close()


class VectorStores(DocMindTest):
    def setUp(self):
        super().setUp()
        del self.environment["DOCMIND_CACHE__ENABLED"]
        self.write("pump.md", PUMP)
        self.docmind("ingest", self.work)
        # Of its own: PostgreSQL runs as somebody who may not look into this test's.
        folder = tempfile.TemporaryDirectory(prefix="docmind-store-")
        self.addCleanup(folder.cleanup)
        self.folder_of_store = pathlib.Path(folder.name)
        redis = Redis(self, "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lfu")
        self.environment |= {"DOCMIND_CACHE__SHARED": redis.url}

    def machines(self):
        """The addresses of two servers with copies of the library."""
        copy = pathlib.Path(self.folder.name) / "copy"
        shutil.copytree(self.data, copy)
        out = []
        for self.data in (self.data, copy):
            out.append(self.serve("--set", "ask.max_claims=1")[1])
        return out

    def ask(self, address, question, **fields):
        status, answer = self.post(address, "/api/ask", {"question": question, **fields})
        self.assertEqual(status, 200, answer)
        self.assertIn("40 bar", answer["answer"])
        return answer["cache"]

    def purge(self, address, what):
        request = urllib.request.Request(address + "/api/cache?" + what, method="DELETE")
        self.assertEqual(self.request(request)[0], 200)

    def checks(self, address, name):
        return [check for check in self.get(address, "/health")[1]["checks"] if check["name"] == name]

    def trouble(self, address):
        return self.checks(address, "questions")

    def searched(self, address):
        """Where /health says that search looks for vectors, by its first words."""
        check, = self.checks(address, "vectors")
        return check["status"], " ".join(check["message"].split()[:2])

    def found(self, address):
        result = self.get(address, "/api/search?q=pressure+measured+at+the+outlet")[1]
        return [(hit["document_id"], hit["start"], hit["ranks"]) for hit in result["hits"]], result["degraded"]

    def until(self, what, wanted):
        end = time.monotonic() + 60
        while (now := what()) != wanted:
            self.assertLess(time.monotonic(), end, now)
            time.sleep(0.2)

    def examined(self):
        """What doctor says of the store."""
        report = self.docmind("doctor", "--json", code=None).json
        check, = (check for check in report["checks"] if check["name"] == "vector store")
        return check

    def go_through(self, store, count):
        check = self.examined()
        self.assertEqual((check["status"], check["message"].endswith(": nothing of this library yet")), ("ok", True), check)
        first, second = self.machines()
        self.assertEqual(self.ask(first, QUESTION, user="anna"), "miss")
        self.assertEqual(count(), 1)
        # The other machine has heard of neither question; it finds the first by its meaning.
        self.assertEqual(self.ask(second, PARAPHRASE, user="anna"), "semantic")
        self.assertEqual(self.ask(second, "What pressure does the pump not run at?", user="anna"), "miss")
        self.assertEqual(self.ask(second, PARAPHRASE, user="bob"), "miss")
        self.assertEqual(self.trouble(second), [])

        # Search goes by the vectors in the store, each machine by its own collections.
        for one in (first, second):
            self.until(lambda one=one: self.searched(one), ("ok", "searched in"))
        right = self.found(first)
        self.assertTrue(right[0])
        self.assertEqual(self.found(second), right)

        # A purge on one takes them away for all.
        self.purge(second, "user=anna")
        self.assertEqual(count(), 1)
        self.assertEqual(self.ask(first, PARAPHRASE, user="anna"), "miss")

        # Without the store: answers go on, their own questions are found, and the health says it.
        store.stop()
        self.assertEqual(self.ask(second, QUESTION, user="carl"), "miss")
        self.assertEqual(self.ask(second, PARAPHRASE, user="carl"), "semantic")
        self.assertEqual(self.ask(first, PARAPHRASE + " ", user="dora"), "miss")
        self.assertEqual(len(self.trouble(second)), 1)
        for one in (first, second):
            self.assertEqual(self.found(one), right)
            self.assertEqual(self.searched(one)[0], "degraded")
        check = self.examined()
        self.assertEqual(check["status"], "degraded")
        self.assertIn(str(store.port), check["message"])
        self.assertIn("searched in this machine's memory", check["message"])
        # What is purged meanwhile is gone when the store is back.
        self.purge(first, "user=anna")
        store.start()
        self.until(lambda: (self.ask(first, QUESTION, user="eva", cache="refresh"), self.trouble(first))[1], [])
        self.until(count, 2)  # bob's and eva's.
        self.assertEqual(self.ask(first, QUESTION, user="anna"), "miss")
        self.until(lambda: (self.ask(second, PARAPHRASE, user="anna"), self.trouble(second))[1], [])
        self.assertEqual(self.ask(second, PARAPHRASE, user="anna"), "semantic")
        for one in (first, second):
            self.until(lambda one=one: self.searched(one), ("ok", "searched in"))
            self.assertEqual(self.found(one), right)
        self.assertRegex(self.examined()["message"], r": 1 chunks of this library$")

    def test_pgvector(self):
        store = Server(self, "/usr/bin/python3", "postgres.py", self.folder_of_store)
        password = (self.folder_of_store / "password").read_text()
        psql = self.folder_of_store / "program/pgserver/pginstall/bin/psql"
        self.environment |= {"DOCMIND_VECTORS__STORE": "pgvector", "DOCMIND_VECTORS__API_KEY": password,
                             "DOCMIND_VECTORS__URL": f"postgresql://postgres@127.0.0.1:{store.port}/postgres"}

        def count():
            ran = subprocess.run([psql, "-h", "127.0.0.1", "-p", str(store.port), "-U", "postgres", "-Atc",
                                  "SELECT count(*) FROM docmind_questions", "postgres"], capture_output=True, text=True,
                                 env={"PGPASSWORD": password}, check=True)
            return int(ran.stdout)
        self.go_through(store, count)

    def test_qdrant(self):
        store = Server(self, ROOT / ".deps/servers/venv/bin/python", "qdrant.py", self.folder_of_store)
        self.environment |= {"DOCMIND_VECTORS__STORE": "qdrant",
                             "DOCMIND_VECTORS__URL": f"http://127.0.0.1:{store.port}"}

        def count():
            body = json.dumps({"exact": True}).encode()
            request = urllib.request.Request(f"http://127.0.0.1:{store.port}/collections/docmind_questions/points/count",
                                             data=body, headers={"Content-Type": "application/json"})
            return self.request(request)[1]["result"]["count"]
        self.go_through(store, count)

    def test_refused(self):
        del self.environment["DOCMIND_CACHE__SHARED"]
        for store, url, why in (
                ("qdrant", "http://db.example:6333", "would send text to db.example"),
                ("pgvector", "postgresql://u@db.example/d", "would send text to db.example"),
                ("pgvector", "postgresql://u:hidden@127.0.0.1/d", "has a password in it"),
                ("qdrant", "", "vectors.store is qdrant and vectors.url is empty"),
                ("embedded", "http://127.0.0.1:6333", "vectors.store is embedded and vectors.url is set")):
            done = self.docmind("doctor", "--set", f"vectors.store={store}", "--set", f"vectors.url={url}", code=None)
            self.assertNotEqual(done.code, 0, done)
            self.assertIn(why, done.err)
            self.assertNotIn("hidden", done.err)


if __name__ == "__main__":
    import unittest
    unittest.main()
