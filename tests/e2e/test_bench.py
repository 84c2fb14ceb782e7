"""The benchmarks that need little more than the binary still run, on tiny inputs and without their peers."""
import json
import os
import subprocess
import sys
import unittest

from harness import BINARY, ROOT


class Bench(unittest.TestCase):
    def tiny(self, name):
        # On one processor, and so with one thread: beside other tests the threads of a step would wait for each other.
        # What says where the programs are is no setting of theirs: they would not start.
        where = {"DOCMIND_BINARY": str(BINARY), "DOCMIND_BENCH": str(BINARY.parent / "bench")}
        ran = subprocess.run([sys.executable, ROOT / "bench" / f"{name}.py", "--tiny"], capture_output=True, timeout=300,
                             env={**os.environ, **where},
                             preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}))
        self.assertEqual(ran.returncode, 0, ran.stderr.decode())
        printed = json.loads(ran.stdout)
        self.assertEqual(printed["name"], name)
        self.assertTrue(printed["figures"])
        for figure in printed["figures"]:
            self.assertNotEqual(figure["met"], False, figure)
            if figure["target"] != "0":
                self.assertGreater(figure["ours"], 0, figure)

    def test_embed(self):
        self.tiny("embed")

    def test_ingest(self):
        self.tiny("ingest")

    def test_agents(self):
        self.tiny("agents")

    def test_cache(self):
        self.tiny("cache")

    def test_cache_day(self):
        self.tiny("cache-day")

    def test_cache_threshold(self):
        self.tiny("cache-threshold")

    def test_cache_server(self):
        self.tiny("cache-server")

    def test_first_view(self):
        self.tiny("first-view")

    def test_http_server(self):
        self.tiny("http-server")

    def test_load(self):
        self.tiny("load")

    def test_context(self):
        self.tiny("context")

    def test_tokens(self):
        self.tiny("tokens")

    def test_gap(self):
        self.tiny("gap")

    def test_gpu(self):
        self.tiny("gpu")

    def test_restart(self):
        self.tiny("restart")

    def test_soak(self):
        self.tiny("soak")

    def test_server(self):
        self.tiny("server")


if __name__ == "__main__":
    unittest.main()
