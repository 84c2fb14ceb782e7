#!/usr/bin/env python3
"""The contract of backends (tests/e2e/backend_contract.py) on real servers: a vLLM on the CPU, an Ollama and a llama-server,
each asked through docmind serve. usage: backends.py [vllm] [ollama] [llama-server]; exits 1 when one of them fails.
Each is set up by bench/peers/setup.sh at its first use (minutes, from the registries)."""
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "bench")]
import chat_servers  # noqa: E402
from backend_contract import Contract  # noqa: E402
from figures import PEERS  # noqa: E402
from harness import DocMindTest  # noqa: E402
from test_engine import wait_for  # noqa: E402

SETUP = ROOT / "bench/peers/setup.sh"


def read(address, body=None):
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as reply:
        return reply.read().decode()


def answers(address):
    try:
        return read(address) is not None
    except OSError:
        return False


class Real(Contract, DocMindTest):
    """Starts the server once for all of a class's tests."""
    name = None  # The setting it goes into.

    @classmethod
    def setUpClass(cls):
        cls.port = chat_servers.free_port()
        cls.log = open(pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"docmind-peer-{cls.__name__}.log", "wb")
        cls.addClassCleanup(cls.log.close)
        cls.begin()

    @classmethod
    def run_peer(cls, command, environment=None):
        process = subprocess.Popen(command, stdout=cls.log, stderr=cls.log, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(environment or {})})
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)

    @classmethod
    def url(cls):
        return f"http://127.0.0.1:{cls.port}"

    def setUp(self):
        super().setUp()
        _, self.address = self.serve("--set", f"{self.name}.url={self.url()}")
        status, body = self.get(self.address, "/api/backends")
        self.assertEqual(status, 200, body)
        one = body["backends"][0]
        self.assertIsNone(one["failure"], one)
        self.can, self.served = one["capabilities"], one["capabilities"]["model"]
        type(self).record = one["capabilities"]

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.__name__}: {json.dumps(getattr(cls, 'record', None))}", flush=True)

    def metric(self, name):
        found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)", read(self.url() + "/metrics"), re.M)
        return int(float(found.group(1)))


class Vllm(Real):
    name = "vllm"

    @classmethod
    def begin(cls):
        subprocess.run([SETUP, "vllm"], check=True)
        checkpoint = PEERS / "models/qwen3-tiny-hf"
        if not (checkpoint / "config.json").exists():
            subprocess.run([PEERS / "vllm/bin/python", ROOT / "bench/peers/make_qwen3_hf.py", checkpoint, "--llama-cpp",
                            PEERS / "llama.cpp", "--shape", "tiny"], check=True)
        cls.run_peer([PEERS / "vllm/bin/vllm", "serve", checkpoint, "--served-model-name", "docmind-qwen3-tiny", "--host",
                      "127.0.0.1", "--port", str(cls.port), "--max-model-len", "4096", "--enforce-eager",
                      "--enable-prompt-tokens-details", "--enable-auto-tool-choice", "--tool-call-parser", "hermes"],
                     {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
                      "VLLM_NO_USAGE_STATS": "1"})
        wait_for(lambda: answers(cls.url() + "/health"), 300)

    def running(self):
        return self.metric("vllm:num_requests_running")


class LlamaServer(Real):
    name = "vllm"  # Any server with OpenAI's API goes there.

    @classmethod
    def begin(cls):
        subprocess.run([SETUP, "llama-server"], check=True)
        cls.run_peer([chat_servers.llama_tool("llama-server"), "-m", chat_servers.model("tiny"), "--host", "127.0.0.1",
                      "--port", str(cls.port), "-t", "2", "-c", "8192", "-np", "2", "--jinja", "--metrics"])
        wait_for(lambda: answers(cls.url() + "/health"), 300)

    def running(self):
        return self.metric("llamacpp:requests_processing")


class Ollama(Real):
    name = "ollama"

    @classmethod
    def begin(cls):
        subprocess.run([SETUP, "ollama"], check=True)
        folder = PEERS / "ollama-models"
        environment = {"OLLAMA_HOST": f"127.0.0.1:{cls.port}", "OLLAMA_MODELS": str(folder)}
        cls.run_peer([PEERS / "bin/ollama", "serve"], environment)
        wait_for(lambda: answers(cls.url() + "/api/version"), 60)
        file = PEERS / "models/Modelfile"
        file.write_text(f"FROM {chat_servers.model('tiny')}\nPARAMETER num_ctx 4096\n")
        subprocess.run([PEERS / "bin/ollama", "create", "docmind-qwen3-tiny", "-f", file], check=True, stdout=cls.log,
                       stderr=cls.log, env={**os.environ, **environment})

    def running(self):
        return None  # It has no figures; the next answer has to come at once.


if __name__ == "__main__":
    known = {"vllm": Vllm, "ollama": Ollama, "llama-server": LlamaServer}
    asked = sys.argv[1:] or list(known)
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"there is no {unknown[0]}; there are {', '.join(known)}")
    began = time.monotonic()
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(known[name]) for name in asked)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    print(f"{result.testsRun - len(result.failures) - len(result.errors)} of {result.testsRun} in "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(not result.wasSuccessful())
