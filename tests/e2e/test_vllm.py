"""A vLLM that DocMind starts, watches and ends, with a program in its place that does what whoever starts it can see
(fake_vllm.py; tests/peers/managed_vllm.py has the real one); and the script and the unit of one that runs by itself."""
import os
import re
import signal
import socket
import subprocess
import unittest

import fake_vllm
from harness import BINARY, ROOT, DocMindTest
from processes import below, processes, variables
from test_engine import wait_for


class WithVllm(DocMindTest):
    def setUp(self):
        super().setUp()
        self.program = fake_vllm.install(self.work / "opt")
        self.model = self.work / "模型 4B"
        self.says({})

    def says(self, config):
        self.write("模型 4B/config.json", fake_vllm.json.dumps({"quantization_config": {"quant_method": "fp8"}, **config}))

    def settings(self, service="{}", port=0):
        return ["--set", f"vllm.program={self.program}", "--set", f"vllm.model_folder={self.model}", "--set",
                f"vllm.service={self.write('service.yaml', service)}", "--set", f"vllm.port={port}"]

    def begin(self, *more, **how):
        self.server, self.address = self.serve(*self.settings(**how), *more)

    def answers(self):
        return self.post(self.address, "/v1/chat/completions", {"messages": [{"role": "user", "content": "Ahoy"}]})[0] == 200

    def backend(self):
        return self.get(self.address, "/api/backends")[1]["backends"][0]

    def vllm(self):
        for pid, words in below(self.server.pid).items():
            if str(self.program) in words and "leader" not in words:
                return pid, words
        return None


class Managed(WithVllm):
    def test_it_gets_its_settings_and_nothing_of_ours(self):
        self.environment["CUDA_VISIBLE_DEVICES"] = "1"
        self.begin(service="engine: {max_model_len: 4096, swap_space: 2}\nengin: {x: 1}\n")
        wait_for(self.answers)
        pid, words = self.vllm()
        after = dict(zip(words, words[1:]))
        self.assertEqual(after["serve"], str(self.model))
        self.assertEqual((after["--max-model-len"], after["--kv-cache-dtype"], after["--attention-backend"]),
                         ("4096", "fp8", "FLASHINFER"))
        for flag in ("--quantization", "--swap-space", "--api-key"):
            self.assertNotIn(flag, words)
        given = variables(pid)
        self.assertEqual([name for name in given if name.startswith(("DOCMIND", "XDG"))], [])
        self.assertEqual((given["HOME"], given["CUDA_VISIBLE_DEVICES"], given["HF_HUB_OFFLINE"]),
                         (str(self.data / "vllm"), "1", "1"))
        self.assertRegex(given["VLLM_API_KEY"], "^[0-9a-f]{32}$")
        self.assertEqual(self.backend()["capabilities"]["model"], "docmind-qwen3-fp8")
        text = self.get(self.address, "/metrics")[1]
        self.assertIn('vllm:num_requests_running{engine="0",model_name="docmind-qwen3-fp8"} 0', text)
        types = re.findall(r"(?m)^# TYPE (\S+)", text)
        self.assertEqual(sorted(types), sorted(set(types)))
        self.assertNotIn("python_info", text)
        self.stop(self.server)
        self.assertIn("engin.x", self.server.stderr.read())
        wait_for(lambda: pid not in processes())

    def test_killed_it_comes_back_and_killed_we_take_it_all_along(self):
        self.begin()
        wait_for(self.answers)
        pid, _ = self.vllm()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: (found := self.vllm()) is not None and found[0] != pid, 60)
        wait_for(self.answers, 60)
        family = below(self.server.pid)
        self.assertGreaterEqual(len(family), 3, family)  # Its leader, itself, its helper.
        self.server.kill()
        self.server.wait()
        wait_for(lambda: not set(family) & set(processes()))

    def test_with_too_little_memory_it_starts_with_less(self):
        self.says({"fits": 70000})
        self.begin()
        wait_for(self.answers, 60)
        _, words = self.vllm()
        self.assertEqual(words[words.index("--max-model-len") + 1], "65536")
        self.assertNotIn("--attention-backend", words)  # The step before it.
        self.assertEqual(self.backend()["capabilities"]["context"], 65536)
        self.assertIn("larger than the available KV cache", self.backend()["reduced"])

    def test_what_stands_in_its_way_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.begin(port=port)
            wait_for(lambda: f"port {port} of vllm.port is taken" in str(self.backend()["failure"]))
            self.stop(self.server)
        self.model = "Qwen/Qwen3-4B-Instruct-2507-FP8"
        refused = self.docmind(*self.settings(), "backends", "command", "vllm", code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("is no folder with a checkpoint", refused.err)
        self.assertIn("vllm.program is not set", self.docmind("backends", "command", "vllm", code=None).err)
        both = self.docmind(*self.settings(), "--set", "vllm.url=http://127.0.0.1:1", "config", "show", code=78)
        self.assertIn("vllm.url and vllm.program are both set", both.err)
        wrong = self.docmind(*self.settings(service="engine:\n  max_model_len: 128k\n"), "backends", "command", "vllm", code=None)
        self.assertIn("service.yaml:2: engine.max_model_len must be a whole number", wrong.err)

    def test_the_file_that_comes_with_us_is_the_default(self):
        shipped = (ROOT / "config/vllm_service.yaml").read_text()
        command = self.docmind(*self.settings(service=shipped, port=8000), "--json", "backends", "command", "vllm")
        default = self.docmind(*self.settings(service="", port=-1), "--json", "backends", "command", "vllm")
        self.assertEqual(command.json, default.json)
        self.assertNotIn("has no setting", command.err)
        changed = self.docmind(*self.settings(service=shipped.replace("131072", "1024"), port=-1), "--json", "backends",
                               "command", "vllm")
        self.assertIn("1024", changed.json["argv"])
        self.assertEqual(changed.json["argv"][changed.json["argv"].index("--port") + 1], "8000")


class Alone(WithVllm):
    """deploy/: one that runs as a service of its own."""

    def test_the_launch_script_becomes_what_we_would_start(self):
        service = self.write("vllm_service.yaml", "server: {port: 0}\nengine: {max_model_len: 2048}\n")
        process = subprocess.Popen(
            [ROOT / "deploy/vllm/launch_vllm_fp8.sh"], stdin=subprocess.DEVNULL,
            env={**self.environment, "VLLM_PROGRAM": str(self.program), "VLLM_SERVICE": str(service), "DOCMIND": str(BINARY),
                 "VLLM_MODEL_PATH": str(self.model), "STATE_DIRECTORY": str(self.work / "it's state"),
                 "VLLM_API_KEY": "geheim", "DOCMIND_SEARCH__K": "7", "STRAY": "1"})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: str(self.program) in processes().get(process.pid, (0, []))[1])
        words, given = processes()[process.pid][1], variables(process.pid)
        self.assertEqual(words[words.index("--max-model-len") + 1], "2048")
        self.assertEqual((given["VLLM_API_KEY"], given["HOME"]), ("geheim", str(self.work / "it's state" / "vllm")))
        self.assertNotIn("geheim", " ".join(words))
        self.assertEqual([name for name in given if name in ("STRAY", "VLLM_SERVICE") or name.startswith("DOCMIND")], [])
        for helper in below(process.pid):
            self.addCleanup(os.kill, helper, signal.SIGKILL)

    def test_the_unit_restarts(self):
        text = (ROOT / "deploy/systemd/docmind-vllm.service").read_text()
        for line in ("Restart=always", "RestartSec=5", "RestartSteps=6", "RestartMaxDelaySec=60", "LimitNOFILE=65536"):
            self.assertIn(f"\n{line}\n", text)


if __name__ == "__main__":
    unittest.main()
