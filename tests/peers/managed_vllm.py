#!/usr/bin/env python3
"""A real vLLM (on the CPU) that DocMind starts, watches and ends: its command line and environment, what happens when it or
DocMind is killed, what it gives up for want of memory, its metrics among ours. usage: managed_vllm.py [-k PATTERN]
It is set up by bench/peers/setup.sh at its first use (minutes, from the registries)."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "bench")]
import chat_servers  # noqa: E402
from figures import PEERS  # noqa: E402
from harness import DocMindTest  # noqa: E402
from processes import below, processes, variables  # noqa: E402
from test_engine import wait_for  # noqa: E402

PATIENCE = 300  # Seconds for a start.
MODEL = PEERS / "models/qwen3-tiny-hf"
SERVICE = """
server:
  served_model_name: docmind-qwen3-tiny
engine:
  max_model_len: {window}
  enforce_eager: true
  swap_space: 2
performance:
  max_num_seqs: 8
optimization:
  enable_prefix_caching: true
cpu:
  kv_cache_gb: 1
  threads_bind: nobind
"""


class ManagedVllm(DocMindTest):
    @classmethod
    def setUpClass(cls):
        subprocess.run([ROOT / "bench/peers/setup.sh", "vllm"], check=True)
        if not (MODEL / "config.json").exists():
            subprocess.run([PEERS / "vllm/bin/python", ROOT / "bench/peers/make_qwen3_hf.py", MODEL, "--llama-cpp",
                            PEERS / "llama.cpp", "--shape", "tiny"], check=True)

    def settings(self, window=4096, port=0):
        service = self.write("vllm_service.yaml", SERVICE.format(window=window))
        return ["--set", f"vllm.program={PEERS / 'vllm/bin/vllm'}", "--set", f"vllm.model_folder={MODEL}", "--set",
                f"vllm.service={service}", "--set", f"vllm.port={port}"]

    def begin(self, **how):
        # The first start asks the program for its flags; what it said is kept for all tests.
        kept = PEERS / "vllm-installed.json"
        memo = self.data / "vllm/installed.json"
        memo.parent.mkdir(parents=True, mode=0o700)
        if kept.exists():
            memo.write_bytes(kept.read_bytes())
        self.server, self.address = self.serve(*self.settings(**how))
        self.wait_until_it_answers()
        kept.write_bytes(memo.read_bytes())

    def backend(self):
        status, body = self.get(self.address, "/api/backends")
        self.assertEqual(status, 200, body)
        return body["backends"][0]

    def answer(self):
        return self.post(self.address, "/v1/chat/completions",
                         {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4})

    def wait_until_it_answers(self):
        wait_for(lambda: self.answer()[0] == 200, PATIENCE)

    def vllm(self):
        """(process id, words) of the vLLM itself, below its leader."""
        for pid, words in below(self.server.pid).items():
            if "serve" in words and any(word.endswith("/vllm") for word in words) and "leader" not in words:
                return pid, words
        return None

    def metrics(self):
        return self.get(self.address, "/metrics")[1]

    def test_settings_environment_metrics_and_a_death(self):
        self.begin()
        pid, words = self.vllm()
        with self.subTest("the settings reach its command line"):
            after = dict(zip(words, words[1:]))
            self.assertEqual(after["--served-model-name"], "docmind-qwen3-tiny")
            self.assertEqual(after["--max-model-len"], "4096")
            self.assertEqual(after["--max-num-seqs"], "8")
            self.assertEqual(after["--host"], "127.0.0.1")
            for flag in ("--enforce-eager", "--enable-prefix-caching", "--no-trust-remote-code"):
                self.assertIn(flag, words)
            for flag in ("--swap-space", "--api-key", "--attention-backend", "true", "false"):
                self.assertNotIn(flag, words)
            self.assertIn("knows no --swap-space", self.docmind(*self.settings(), "backends", "command", "vllm").err)
        with self.subTest("its environment is made from nothing"):
            given = variables(pid)
            self.assertEqual([name for name in given if "DOCMIND" in name or name.startswith("XDG")], [])
            self.assertEqual(given["HOME"], str(self.data / "vllm"))
            for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"):
                self.assertEqual(given[name], "1")
            key = given["VLLM_API_KEY"]
            self.assertRegex(key, "^[0-9a-f]{32}$")
            self.assertNotIn(key, " ".join(words))
        with self.subTest("what it can is known"):
            can = self.backend()["capabilities"]
            self.assertEqual((can["model"], can["context"]), ("docmind-qwen3-tiny", 4096))
            self.assertTrue(can["json_schema"] and can["tools"] and can["caches_prefix"], can)
        with self.subTest("its metrics are among ours, each family described once"):
            text = self.metrics()
            self.assertRegex(text, r'(?m)^vllm:generation_tokens_total\{.*\} \d')
            self.assertRegex(text, r'(?m)^docmind_backend_start_seconds\{backend="vllm"\} \d+')
            types = re.findall(r"(?m)^# TYPE (\S+)", text)
            self.assertEqual(sorted(types), sorted(set(types)))
            self.assertNotRegex(text, r"(?m)^(python|process)_")
            print(re.search(r'docmind_backend_start_seconds\{backend="vllm"\} (\S+)', text).group(0))
        with self.subTest("killed, it comes back by itself"):
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: self.vllm() is not None and self.vllm()[0] != pid, 60)
            self.wait_until_it_answers()
        with self.subTest("it ends with DocMind"):
            family = below(self.server.pid)
            self.stop(self.server)
            wait_for(lambda: not set(family) & set(processes()), 60)

    def test_all_of_it_ends_when_docmind_is_killed(self):
        self.begin()
        family = below(self.server.pid)
        self.assertGreater(len(family), 3, family)  # vLLM is several processes.
        self.server.kill()
        self.server.wait()
        wait_for(lambda: not set(family) & set(processes()), 30)

    def test_a_window_that_does_not_fit_is_made_smaller(self):
        # 262,144 tokens of this model take 1 GiB and a block: one block more than there is.
        self.begin(window=262144)
        self.assertEqual(self.backend()["capabilities"]["context"], 65536)
        self.assertIn("65536", self.vllm()[1])

    def test_a_taken_port_is_told(self):
        port = chat_servers.free_port()
        with socket.create_server(("127.0.0.1", port)):
            self.server, self.address = self.serve(*self.settings(port=port))
            wait_for(lambda: f"port {port} of vllm.port is taken" in str(self.backend()["failure"]), 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
