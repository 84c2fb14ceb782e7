#!/usr/bin/env python3
"""An Ollama that DocMind runs itself: docmind serve starts the real one, makes docmind-qwen3 there of a tiny chat model, and
answers from it. usage: managed_ollama.py [unittest's words]. Set up by bench/peers/setup.sh at its first use."""
import json
import os
import pathlib
import signal
import socket
import socketserver
import subprocess
import threading
import unittest

from servers import PEERS, SETUP, family, read, wait_for
import tiny_chat
from tiny_model import TinyModelTest

OLLAMA = PEERS / "bin/ollama"
SHAPE = tiny_chat.TINY._replace(head=32)  # Keys of 8 bit come in blocks of 32.
LIKE_QWEN3 = "{#- <tool_call> enable_thinking -#}" + tiny_chat.TEMPLATE
RENDERED = """<|im_start|>system
Be brief.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name":"look","description":"","parameters":{"type":"object","properties":{}}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
<|im_start|>user
Where?<|im_end|>
<|im_start|>assistant
I look.
<tool_call>
{"name": "look", "arguments": {"q":"船"}}
</tool_call>
<tool_call>
{"name": "look", "arguments": {}}
</tool_call><|im_end|>
<|im_start|>user
<tool_response>
one
</tool_response>
<tool_response>
two
</tool_response><|im_end|>
<|im_start|>assistant
<think>

</think>

"""


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def words_of(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")


def ollamas(process):
    """The processes of an Ollama below docmind's: the server first, then what computes."""
    found = [pid for pid in family(process.pid) if words_of(pid)[0] == str(OLLAMA)]
    return sorted(found, key=lambda pid: words_of(pid)[1] != "serve")


def environment_of(pid):
    pairs = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def connected_to(pids):
    """The addresses that these processes have a TCP connection with, in the kernel's hexadecimal form."""
    inodes = set()
    for pid in pids:
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(os.readlink(fd))
            except OSError:
                pass
    out = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in inodes:
                out.add(fields[2].split(":")[0])
    return out


class Proxy(socketserver.ThreadingTCPServer):
    """Writes down what it is asked for and refuses it."""
    daemon_threads = True

    def __init__(self):
        self.asked = []
        proxy = self

        class Refuse(socketserver.StreamRequestHandler):
            def handle(self):
                proxy.asked.append(self.rfile.readline().decode().strip())
                self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        super().__init__(("127.0.0.1", 0), Refuse)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ManagedOllama(TinyModelTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.checkpoint = tiny_chat.write_checkpoint(pathlib.Path(cls.models.name) / "wide", SHAPE)

    def setUp(self):
        super().setUp()
        subprocess.run([SETUP, "ollama"], check=True)
        self.proxy = Proxy()
        self.addCleanup(self.proxy.server_close)
        self.addCleanup(self.proxy.shutdown)
        proxy = f"http://127.0.0.1:{self.proxy.server_address[1]}"
        self.environment |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "DOCMIND_VLLM__API_KEY": "of ours",
                             "A_SECRET": "of the user", "CUDA_VISIBLE_DEVICES": ""}

    def settings(self, *more):
        return ["--set", f"ollama.program={OLLAMA}", "--set", "engine.model=tiny", "--set", "backends.order=ollama",
                "--set", "ollama.context=1024", *more]

    def begin(self, *more):
        self.process, self.address = self.serve(*self.settings(*more))
        return self.process

    def backend(self):
        status, body = self.get(self.address, "/api/backends")
        self.assertEqual(status, 200, body)
        return body["backends"][0]

    def answer(self, **more):
        status, body = self.post(self.address, "/v1/chat/completions",
                                 {"model": self.backend()["capabilities"]["model"], "max_tokens": 4, **more,
                                  "messages": [{"role": "user", "content": "How tall is the mast?"}]})
        self.assertEqual(status, 200, body)
        return body

    def ollama(self, path):
        return self.get(self.address, f"/api/backends/ollama/{path}")[1]["models"]

    def manifest(self):
        return self.data / "ollama/models/manifests/registry.ollama.ai/library/docmind-qwen3/latest"

    def test_it_is_started_given_our_model_and_answers(self):
        self.begin()
        one = self.backend()
        self.assertIsNone(one["failure"], one)
        self.assertEqual(one["capabilities"]["model"], "docmind-qwen3", one)
        self.assertEqual(one["capabilities"]["context"], 1024, one)
        self.assertGreater(self.answer()["usage"]["completion_tokens"], 0)
        loaded = self.ollama("loaded")
        self.assertEqual([each["name"] for each in loaded], ["docmind-qwen3:latest"])
        self.assertEqual(loaded[0]["context"], 1024)
        self.assertIn("FlashAttention:Enabled", (self.data / "logs/ollama.log").read_text())
        self.assertIn("KvCacheType:q8_0", (self.data / "logs/ollama.log").read_text())
        made = self.manifest().stat().st_mtime_ns
        self.stop(self.process)
        self.begin()  # The next process finds it made.
        self.answer()
        self.assertEqual(self.manifest().stat().st_mtime_ns, made)
        self.stop(self.process)

    def test_another_file_makes_another_model(self):
        self.begin()
        self.answer()
        made = self.manifest().read_bytes()
        self.docmind("models", "rm", "tiny")
        self.docmind("models", "import", self.checkpoint, "--name", "tiny", "--type", "f16")
        self.answer()
        self.assertNotEqual(self.manifest().read_bytes(), made)

    def test_it_leaves_memory_when_told_and_by_itself(self):
        self.begin("--set", "ollama.keep_alive=2s")
        self.answer()
        wait_for(lambda: self.ollama("loaded") == [], 30)
        self.answer()
        status, body = self.post(self.address, "/api/backends/ollama/unload", {"name": "docmind-qwen3"})
        self.assertEqual(status, 200, body)
        wait_for(lambda: self.ollama("loaded") == [], 30)
        self.assertEqual(len(ollamas(self.process)), 1)

    def test_it_gets_nothing_of_ours_and_reaches_nobody(self):
        process = self.begin()
        self.answer()
        running = ollamas(process)
        self.assertEqual(len(running), 2, [words_of(pid) for pid in running])
        for pid in running:
            environment = environment_of(pid)
            self.assertFalse([name for name in environment if "DOCMIND" in name or "SECRET" in name], environment)
            self.assertNotIn(str(self.proxy.server_address[1]), environment["HTTPS_PROXY"])
            self.assertEqual(environment["CUDA_VISIBLE_DEVICES"], "")
            self.assertEqual(environment["HOME"], str(self.data / "ollama/home"))
        for address in connected_to(running):
            self.assertTrue(address.endswith("0100007F") or set(address) == {"0"}, address)
        # Asked for another machine, the one that answers comes as far as a port where nobody listens.
        port = next(int(environment_of(running[0])["OLLAMA_HOST"].rsplit(":", 1)[1]) for _ in (1,))
        said = read(f"http://127.0.0.1:{port}/api/pull", {"model": "qwen3:0.6b"})
        self.assertIn("127.0.0.1:9", said)
        self.assertEqual(self.proxy.asked, [])

    def test_a_pull_alone_goes_the_users_way_and_says_so(self):
        process = self.begin()
        self.answer()
        pulled = self.docmind("backends", "ollama", "pull", "qwen3:0.6b", code=1)
        self.assertIn("asking registry.ollama.ai, another machine, for qwen3:0.6b", pulled.err)
        self.assertIn("CONNECT registry.ollama.ai:443 HTTP/1.1", self.proxy.asked)
        self.assertEqual(len([pid for pid in ollamas(process) if words_of(pid)[1] == "serve"]), 1)
        self.answer()

    def test_killed_it_is_back_by_itself(self):
        process = self.begin()
        self.answer()
        before = ollamas(process)
        os.kill(before[0], signal.SIGKILL)
        self.answer()
        self.assertFalse([pid for pid in before if is_alive(pid)])
        self.assertNotEqual(ollamas(process)[0], before[0])
        self.assertIn('docmind_backend_starts_total{backend="ollama"} 2', self.get(self.address, "/metrics")[1])
        os.kill(ollamas(process)[1], signal.SIGKILL)  # What computes, alone: Ollama's own to mend.
        self.answer()

    def test_it_ends_with_us_however_we_end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            process = self.begin()
            self.answer()
            running = ollamas(process)
            self.assertEqual(len(running), 2)
            process.send_signal(number)
            process.wait(60)
            wait_for(lambda: not any(is_alive(pid) for pid in running), 30)

    def test_what_cannot_be_is_said(self):
        both = self.docmind("backends", *self.settings("--set", "ollama.url=http://127.0.0.1:11434"), code=None)
        self.assertIn("both set", both.err)
        none = self.docmind("backends", *self.settings("--set", "ollama.program=/nowhere/ollama"), code=None)
        self.assertIn("there is no /nowhere/ollama", none.err)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            self.begin("--set", f"ollama.port={taken.getsockname()[1]}")
            self.assertIn("is taken by another program", self.backend()["failure"])

    def test_conversations_are_written_as_qwen3_wants_them(self):
        folder = self.work / "like"
        tiny_chat.write_checkpoint(folder, SHAPE, template=LIKE_QWEN3)
        self.docmind("models", "import", folder, "--name", "like")
        process = self.begin()
        status, body = self.post(self.address, "/api/backends/ollama/models", {"file": "like", "name": "like"})
        self.assertEqual(status, 200, body)
        port = environment_of(ollamas(process)[0])["OLLAMA_HOST"].rsplit(":", 1)[1]
        look = {"name": "look", "description": "", "parameters": {"type": "object", "properties": {}}}
        call = [{"function": {"name": "look", "arguments": {"q": "船"}}}, {"function": {"name": "look", "arguments": {}}}]
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where?"},
                    {"role": "assistant", "content": "I look.", "tool_calls": call},
                    {"role": "tool", "content": "one"}, {"role": "tool", "content": "two"}]
        reply = json.loads(read(f"http://127.0.0.1:{port}/api/chat",
                                {"model": "like", "messages": messages, "stream": False, "think": False,
                                 "tools": [{"type": "function", "function": look}], "_debug_render_only": True}))
        self.assertEqual(reply["_debug_info"]["rendered_template"], RENDERED)
        shown = json.loads(read(f"http://127.0.0.1:{port}/api/show", {"model": "like"}))
        self.assertLessEqual({"tools", "thinking"}, set(shown["capabilities"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
