"""Memory that fails while a model is loaded, reads and writes: the engine ends in order, smaller steps come into force."""
import http.client
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

import failing_memory
from failing_memory import FailingMemory
from harness import BINARY
from tiny_model import TinyModelTest

NO_MEMORY = 12  # docs/formats/engine.md
LONG = {"messages": [{"role": "user", "content": "word " * 200}], "max_tokens": 12, "temperature": 0, "ignore_eos": True}


class MemoryTest(TinyModelTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="docmind-e2e-memory-")
        cls.addClassCleanup(folder.cleanup)
        cls.library = failing_memory.build(folder.name)

    def setUp(self):
        super().setUp()
        self.memory = FailingMemory(self.library, self.folder.name)


class EngineProcess(MemoryTest):
    """The engine alone: whichever allocation fails, it answers or says that it cannot, and never crashes."""

    def engine(self):
        """The process and its socket once it listens, or the process that has ended."""
        path = pathlib.Path(self.folder.name) / "e.sock"
        path.unlink(missing_ok=True)
        process = subprocess.Popen([BINARY, "engine", "--model", self.model, "--socket", path, "--threads", "2",
                                    "--context", "4096"], env=self.memory.of_process(), stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while process.poll() is None:
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(str(path))
                    return process, path
            except OSError:
                time.sleep(0.002)
        return process, None

    def ask(self, path):
        """The status and the error's code; None, None when the connection is lost."""
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        try:
            connection.sock.connect(str(path))
            connection.request("POST", "/v1/chat/completions", json.dumps(LONG))
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read()).get("error", {}).get("code")
        except OSError:
            return None, None
        finally:
            connection.close()

    def end(self, process):
        process.terminate()
        self.assertEqual(process.wait(30), 0)

    def test_whichever_large_allocation_fails_at_the_load(self):
        least = 1 << 18
        self.memory.counts(least)
        self.end(self.engine()[0])
        count = self.memory.seen
        self.assertGreater(count, 3)
        ended = 0
        for i in range(count):
            self.memory.fails(least, after=i)
            process, path = self.engine()
            if path is not None:
                self.end(process)
                continue
            self.assertEqual((process.wait(30), self.memory.failed), (NO_MEMORY, 1), i)
            said = [line for line in process.stderr.read().splitlines() if "engine_failed" in line]
            self.assertEqual(len(said), 1, said)
            ended += 1
        self.assertGreater(ended, 2)

    def test_whichever_allocation_fails_while_it_answers(self):
        least = 1 << 14
        process, path = self.engine()
        self.memory.counts(least)
        self.assertEqual(self.ask(path)[0], 200)
        count = self.memory.seen
        self.end(process)
        self.assertGreater(count, 10)
        ended = 0
        for i in range(count):
            self.memory.works()
            process, path = self.engine()
            self.memory.fails(least, after=i)
            status, code = self.ask(path)
            self.memory.works()
            if code == "out_of_memory":
                self.assertEqual((status, process.wait(30)), (503, NO_MEMORY), i)
                ended += 1
                continue
            self.assertIn((status, code), ((200, None), (413, "resource_exhausted"), (None, None)), i)
            self.assertEqual(self.ask(path)[0], 200, "it goes on")
            self.end(process)
        self.assertGreater(ended, 5)

    def test_the_address_space_is_too_small(self):
        limited = ["/usr/bin/prlimit", f"--as={800 << 20}", BINARY, "engine", "--model", self.model, "--socket",
                   str(pathlib.Path(self.folder.name) / "e.sock"), "--context", "1048576"]
        done = subprocess.run(limited, env={}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, NO_MEMORY, done)


if __name__ == "__main__":
    unittest.main()
