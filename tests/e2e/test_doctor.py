"""docmind doctor: what the machine is, and what stops the work."""
import os
import unittest

from harness import DocMindTest
from test_kv import qwen3


class Doctor(DocMindTest):
    def checks(self, report):
        return {check["name"]: check for check in report["checks"]}

    def test_a_machine_that_is_fit(self):
        report = self.docmind("doctor", "--json").json
        self.assertIn(report["status"], ("ok", "degraded"))
        checks = self.checks(report)
        for name in ("processor", "memory", "disk space", "devices", "gpu", "models", "chat model", "settings", "sqlite",
                     "library", "parser", "embedder"):
            self.assertIn(checks[name]["status"], ("ok", "degraded"), checks[name])
        machine = report["machine"]
        self.assertEqual(machine["processor"]["usable"], len(os.sched_getaffinity(0))
                         if machine["processor"]["quota"] is None else machine["processor"]["usable"])
        self.assertGreaterEqual(machine["processor"]["threads"], machine["processor"]["cores"])
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        self.assertEqual(machine["memory"]["total"], total)
        self.assertLessEqual(machine["memory"]["available"], total)
        self.assertGreater(machine["disk"]["free"], 0)
        self.assertIn("CPU", [device["name"] for device in machine["devices"]])
        self.assertEqual(len(machine["gpus"]) > 0, machine["driver"] != "")
        self.assertIsNone(report["plan"])
        self.assertRegex(machine["sqlite"], r"^3\.")
        said = self.docmind("doctor")
        self.assertIn("NUMA node", said.out)

    def test_the_plan_for_the_chat_model(self):
        model = self.write("模型.gguf", qwen3())
        report = self.docmind("doctor", "--json", "--set", f"engine.model={model}", "--set", "engine.gpu_layers=0").json
        plan = report["plan"]
        self.assertEqual((plan["context"], plan["kv_cache_dtype"], plan["gpu_layers"]), (4096, "f16", 0))
        self.assertEqual(plan["keys_and_values"], 4096 * 256)
        self.assertEqual(plan["main_memory"], sum(plan[k] for k in ("weights", "keys_and_values", "buffers", "process")))
        self.assertGreater(plan["beside"], 50_000_000)

    def test_what_stops_the_work_is_failed(self):
        model = self.write("m.gguf", qwen3())
        for settings, why in (([f"engine.model={model}", "engine.cpu_memory_mb=8"], "A context of 4096 tokens does not fit"),
                              ([f"engine.model={model}", "engine.device_map=CUDA77"], "CUDA77"),
                              ([f"engine.model={model}", "engine.device_map=CUDA0=x"], "device_map"),
                              (["engine.model=absent"], "no model called absent")):
            sets = [word for setting in settings for word in ("--set", setting)]
            report = self.docmind("doctor", "--json", *sets, code=1).json
            self.assertEqual(report["status"], "failed")
            check = self.checks(report)["chat model"]
            self.assertEqual(check["status"], "failed")
            self.assertIn(why, check["message"])

    def test_the_machine_is_told_of_when_the_product_does_not_start(self):
        self.data.mkdir()
        (self.data / "library.db").write_bytes(b"no database" * 1000)
        report = self.docmind("doctor", "--json", code=1).json
        checks = self.checks(report)
        self.assertEqual(checks["product"]["status"], "failed")
        self.assertEqual(checks["processor"]["status"], "ok")
        self.assertIn("NUMA", self.docmind("doctor", code=1).out)

    def test_a_model_that_is_damaged_is_seen(self):
        (self.data / "models").mkdir(parents=True)
        (self.data / "models" / "bad.gguf").write_bytes(b"GGUF" + b"\xff" * 100)
        report = self.docmind("doctor", "--json").json
        self.assertEqual(report["status"], "degraded")
        self.assertIn("bad", self.checks(report)["models"]["message"])


if __name__ == "__main__":
    unittest.main()
