"""The engine's process dies, hangs and is driven by hand; who depends on it does not notice or is told why."""
import http.client
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import BINARY, DocMindTest

MODEL = BINARY.parent / "share/docmind/models/all-MiniLM-L6-v2.gguf"


def engines_of(parent, computed=0.5):
    """Process ids of the engines that this process has started and that have computed for so many seconds (loading takes
    about 0.1, a document here 0.3)."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = (entry / "cmdline").read_bytes().split(b"\0")
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, ValueError):
            continue
        seconds = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        if int(stat[1]) == parent and b"engine" in argv[1:2] and seconds > computed:
            found.append(int(entry.name))
    return found


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.01)
    raise AssertionError("waited in vain")


class Engine(DocMindTest):
    def texts(self, count):
        for i in range(count):
            lines = [f"Chapter {i}, line {n}: the archive of year {i * n} holds {n} packages." for n in range(60)]
            (self.work / f"{i:03}.txt").write_text("\n\n".join(lines))

    def test_ingest_goes_on_when_the_engine_is_killed(self):
        self.texts(30)
        ingest = self.start("ingest", self.work, "--json")
        killed = 0
        while killed < 2 and ingest.poll() is None:
            for engine in engines_of(ingest.pid, computed=1.5):
                os.kill(engine, signal.SIGKILL)
                wait_for(lambda: engine not in engines_of(ingest.pid))
                killed += 1
            time.sleep(0.01)
        out, err = ingest.communicate(timeout=600)
        self.assertEqual((ingest.returncode, killed), (0, 2), err)
        summary = json.loads(out)
        self.assertEqual((summary["documents"], summary["failed"]), (30, []))
        hits = self.docmind("search", "packages in the archive of chapter 7", "--json").json["hits"]
        self.assertTrue(any(hit["ranks"]["dense"] for hit in hits))

    def test_the_engine_dies_with_its_parent(self):
        self.texts(30)
        ingest = self.start("ingest", self.work)
        engine = wait_for(lambda: engines_of(ingest.pid))[0]
        ingest.kill()
        wait_for(lambda: not os.path.exists(f"/proc/{engine}"))

    def test_health_follows_the_engine(self):
        model = self.work / "model.gguf"
        shutil.copyfile(MODEL, model)
        document = self.write("a.txt", "The main mast is 24 metres tall.")
        process, address = self.serve("--set", f"embedder.model={model}")
        self.docmind("ingest", document)

        words = itertools.count()

        def search():  # In other words each time: the vector of a question that was just asked is remembered.
            status, found = self.get(address, f"/api/search?q=mast+{next(words)}")
            self.assertEqual((status, len(found["hits"])), (200, 1))
            return found["degraded"]

        def health():
            status, ready = self.get(address, "/health/ready")
            whole = self.get(address, "/health")[1]
            self.assertEqual((status, whole["status"]), (200, ready["health"]))
            return whole["status"]

        self.assertEqual((search(), health()), (None, "healthy"))
        engine = engines_of(process.pid, computed=0)[0]
        os.kill(engine, signal.SIGKILL)
        self.assertEqual((search(), health()), (None, "healthy"), "a dead engine was not started again")
        self.assertNotIn(engine, engines_of(process.pid, computed=0))

        model.rename(self.work / "away.gguf")
        os.kill(engines_of(process.pid, computed=0)[0], signal.SIGKILL)
        self.assertIn("model", search())
        self.assertEqual(health(), "degraded")
        answer = self.post(address, "/api/ask", {"question": "How tall is the main mast?"})[1]
        self.assertEqual(len(answer["fallbacks"]), 1)
        (self.work / "away.gguf").rename(model)
        self.assertEqual((search(), health()), (None, "healthy"))
        self.stop(process)

    def test_by_hand(self):
        path = str(pathlib.Path(self.folder.name) / "e.sock")
        process = subprocess.Popen([BINARY, "engine", "--model", MODEL, "--socket", path], env={}, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)

        def ask(method, target, body=None):
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(path)
            connection.request(method, target, json.dumps(body) if body else None)
            reply = connection.getresponse()
            answer = reply.status, json.loads(reply.read())
            connection.close()
            return answer

        wait_for(lambda: os.path.exists(path))
        status, models = ask("GET", "/v1/models")
        self.assertEqual(status, 200)
        model = models["data"][0]
        self.assertEqual((model["id"], model["dimensions"], model["window"]), ("all-MiniLM-L6-v2", 384, 512))
        text = "Der Käfer läuft. 甲虫在跑。"
        first = len("Der Käfer läuft.".encode())
        status, reply = ask("POST", "/v1/embeddings", {"input": [text], "spans": [[[0, first], [first, len(text.encode())]]]})
        self.assertEqual(status, 200)
        for vector in [reply["data"][0]["embedding"], *reply["data"][0]["span_embeddings"]]:
            self.assertEqual(len(vector), 384)
            self.assertAlmostEqual(sum(x * x for x in vector), 1, places=4)
        self.assertEqual(ask("POST", "/v1/embeddings", {"input": [text], "spans": [[[0, 6]]]})[0], 400)  # Inside the ä.
        self.assertEqual(ask("POST", "/tokenize", {"texts": ["", "hello world"]})[1], {"counts": [0, 2]})
        process.terminate()
        self.assertEqual(process.wait(30), 0)

    def test_a_file_that_is_no_model(self):
        bad = self.work / "bad.gguf"
        bad.write_bytes(b"GGUF\3\0\0\0" + b"\xff" * 100)
        document = self.work / "a.txt"
        document.write_text("A short text that would be fine.")
        done = self.docmind("--set", f"embedder.model={bad}", "ingest", document, code=1)
        self.assertIn("model", done.out + done.err)


if __name__ == "__main__":
    unittest.main()
