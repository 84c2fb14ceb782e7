"""Memory that fails while a model is loaded, reads and writes: the engine ends in order, smaller steps come into force."""
import http.client
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

import failing_memory
from failing_memory import EVERY_TIME, FailingMemory
from harness import BINARY
from test_engine import wait_for
from tiny_model import TinyModelTest

NO_MEMORY = 12  # docs/formats/engine.md
FIRST = "128 prompt tokens at once"  # Step of the tiny model, whose heads are too small for 8 bits (docs/backends.md).
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
            self.assertIn((status, code), ((200, None), (None, None)), i)
            self.assertEqual(self.ask(path)[0], 200, "it goes on")
            self.end(process)
        self.assertGreater(ended, 5)

    def test_the_address_space_is_too_small(self):
        limited = ["/usr/bin/prlimit", f"--as={800 << 20}", BINARY, "engine", "--model", self.model, "--socket",
                   str(pathlib.Path(self.folder.name) / "e.sock"), "--context", "1048576"]
        done = subprocess.run(limited, env={}, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, NO_MEMORY, done)


class Serving(MemoryTest):
    """docmind serve, whose engine runs out of memory: the next step is in force, the request is answered."""

    QUESTION = {"question": "How tall is the mast?"}

    def setUp(self):
        super().setUp()
        self.environment.update(self.memory.of_children("tiny.gguf"))
        self.write("mast.txt", "The mast of the Halcyon is 24 metres tall.")
        self.docmind("ingest", self.work / "mast.txt")

    def start_server(self, *args):
        self.server, self.address = self.serve("--model", self.model, "--set", "ask.max_tokens=16", *args)

    def ready(self):
        wait_for(lambda: self.get(self.address, "/health/ready")[0] == 200 and self.engine()["loaded"])

    def engine(self):
        _, body = self.get(self.address, "/api/backends")
        return body["backends"][0]

    def answer(self):
        status, answer = self.post(self.address, "/api/ask", self.QUESTION)
        self.assertEqual(status, 200, answer)
        self.assertIn("24 metres", answer["answer"])
        self.assertIsNone(self.server.poll(), "the server has crashed")
        return answer

    def assert_reduced(self, answer, step):
        """The step is in force and shown wherever it should be."""
        said = f"llamacpp runs with less: {step}, since its memory did not suffice: "
        self.assertTrue(any(why.startswith(said) for why in answer["fallbacks"]), answer["fallbacks"])
        self.assertTrue(self.engine()["reduced"].startswith(step), self.engine())
        _, health = self.get(self.address, "/health")
        check = next(one for one in health["checks"] if one["name"] == "backend llamacpp")
        self.assertEqual((health["status"], check["status"]), ("degraded", "degraded"), health)
        self.assertIn(step, check["message"])
        _, text = self.get(self.address, "/metrics")
        self.assertIn(self.counted(step), text)

    def counted(self, step):
        return f'docmind_backend_steps_total{{backend="llamacpp",step="{step}"}} 1'

    def test_one_failure_at_the_load(self):
        self.memory.fails(1 << 20)
        self.start_server()
        self.assert_reduced(self.answer(), FIRST)
        self.assertEqual(self.memory.failed, 1)

    def test_what_does_not_fit_is_made_smaller_until_it_does(self):
        # The cells of 262,144 tokens have 64 MiB; of 65,536 they have 16, but computing 512 at once takes 64 besides.
        self.memory.fails(40 << 20, times=EVERY_TIME)
        self.start_server("--set", "engine.context=262144")
        self.assert_reduced(self.answer(), FIRST)
        self.assertIn(self.counted("a context of 65536 tokens"), self.get(self.address, "/metrics")[1])
        self.assertEqual(self.memory.failed, 2)

    def test_no_model_fits_and_the_documents_speak_for_themselves(self):
        self.memory.fails(1 << 16, times=EVERY_TIME)
        self.start_server()
        answer = self.answer()
        self.assertEqual(answer["mode"], "extractive", answer)
        self.assertTrue(answer["fallbacks"], answer)
        self.memory.works()

    def test_one_failure_while_the_prompt_is_read(self):
        self.start_server()
        self.ready()
        self.memory.fails(1 << 14, after=4)
        self.assert_reduced(self.answer(), FIRST)
        self.assertEqual(self.memory.failed, 1)

    def test_every_large_allocation_fails_while_the_prompt_is_read(self):
        self.start_server()
        self.ready()
        self.memory.fails(1 << 14, times=EVERY_TIME)
        answer = self.answer()
        self.assertEqual(answer["mode"], "extractive", answer)
        self.assertTrue(answer["fallbacks"], answer)

    def test_failures_while_it_writes_end_the_stream_with_the_reason(self):
        self.start_server()
        self.ready()
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/chat/completions", json.dumps({**LONG, "max_tokens": 10000, "stream": True}),
                           {"Content-Type": "application/json"})
        reply = connection.getresponse()
        self.assertEqual(reply.status, 200)
        events = [reply.readline().decode()]
        self.memory.fails(1 << 10, times=EVERY_TIME)
        try:
            events += [line.decode() for line in reply]
        except (OSError, http.client.IncompleteRead):
            pass  # It was the connection's own memory.
        self.memory.works()
        events = [line[6:].strip() for line in events if line.startswith("data: ")]
        self.assertNotEqual(events[-1], "[DONE]")
        self.assertTrue(json.loads(events[0])["choices"], "a part was written")
        last = json.loads(events[-1])
        if "error" in last:
            self.assertEqual(last["error"]["code"], "out_of_memory")
            self.assert_reduced(self.answer(), FIRST)
        self.answer()

    def test_the_server_grows_no_further_over_many_failures(self):
        """DOCMIND_ROUNDS of them, default 50."""
        rounds = int(os.environ.get("DOCMIND_ROUNDS", "50"))
        self.start_server()
        self.ready()
        resident = []
        for i in range(rounds):
            self.memory.fails(1 << 14, after=i % 7)
            self.answer()
            self.memory.works()
            os.utime(self.model)  # Another file: everything anew.
            self.answer()
            status = pathlib.Path(f"/proc/{self.server.pid}/status").read_text()
            resident.append(int(status.split("VmRSS:")[1].split()[0]) << 10)
        self.assertLess(max(resident[rounds // 2:]) - max(resident[:rounds // 2]), 8 << 20, resident)
        self.assertIsNone(self.engine()["failure"], self.engine())


if __name__ == "__main__":
    unittest.main()
