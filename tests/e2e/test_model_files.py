"""/api/models: model files over HTTP, with the real binary, a real hub on this machine and the tiny chat model."""
import json
import pathlib
import tempfile
import time
import unittest
import urllib.request

import tiny_chat
from harness import DocMindTest
from model_hub import Hub, corrupt, cut_after, stall_after


class ModelFiles(DocMindTest):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory(prefix="docmind-e2e-models-")
        cls.addClassCleanup(made.cleanup)
        cls.checkpoint = tiny_chat.write_checkpoint(pathlib.Path(made.name) / "checkpoint", tiny_chat.WIDE)
        maker = DocMindTest()
        maker.setUp()
        maker.docmind("models", "import", cls.checkpoint, "--name", "tiny", "--type", "f16")
        cls.gguf = (maker.data / "models" / "tiny.gguf").read_bytes()
        maker.doCleanups()

    def begin(self, *args):
        self.process, self.address = self.serve(*args)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        return self.request(urllib.request.Request(self.address + path, data=data, method=method,
                                                   headers={"Content-Type": "application/json"}))

    def job(self):
        return self.call("GET", "/api/models/jobs")[1]["jobs"][0]

    def until(self, said):
        """The newest job once `said` of it is true."""
        end = time.monotonic() + 60
        while not said(job := self.job()):
            self.assertLess(time.monotonic(), end, job)
            time.sleep(0.02)
        return job

    def ended(self):
        return self.until(lambda job: job["state"] != "running")

    def hub(self):
        hub = Hub({"tiny.gguf": self.gguf})
        for cleanup in (hub.server_close, hub.shutdown, hub.release.set):
            self.addCleanup(cleanup)
        return hub

    def pull(self, hub, **more):
        return self.call("POST", "/api/models/pull",
                         {"repository": "owner/tiny", "file": "tiny.gguf", "from": hub.address} | more)

    def names(self):
        return [one["name"] for one in self.call("GET", "/api/models/files")[1]["models"]]

    def test_import_plan_and_remove(self):
        self.begin()
        status, job = self.call("POST", "/api/models/import", {"folder": str(self.checkpoint), "name": "own", "type": "q8_0"})
        self.assertEqual((status, job["kind"], job["state"]), (202, "import", "running"))
        job = self.ended()
        self.assertEqual((job["state"], job["model"]["name"], job["model"]["type"]), ("done", "own", "q8_0"))
        self.assertIn("loss", job["model"]["loss"])
        self.assertEqual(self.call("GET", "/api/models/files")[1], self.docmind("models", "list", "--json").json)
        status, refused = self.call("POST", "/api/models/import", {"folder": str(self.checkpoint), "name": "own"})
        self.assertEqual(status, 409)
        self.assertIn("called own already", refused["error"]["message"])
        self.assertEqual(self.call("POST", "/api/models/import", {"folder": "relative", "name": "x"})[0], 400)
        self.call("POST", "/api/models/import", {"folder": str(self.work), "name": "x"})
        self.assertIn("model.safetensors", self.ended()["failure"]["message"])

        status, plan = self.call("POST", "/api/models/plan", {"model": "own", "context": 8192, "kv_type": "f16"})
        self.assertEqual((status, plan["fits"], plan["context"], plan["fixes"]), (200, True, 8192, []))
        self.assertEqual(plan["kv"], 8192 * 2 * 2 * 2 * 32 * 2)  # Layers, keys and values, heads, numbers, bytes.
        self.assertEqual(plan["bytes"], plan["weights"] + plan["kv"] + plan["overhead"])
        self.assertEqual(self.call("POST", "/api/models/plan", {})[0], 400)  # None is set.
        self.assertEqual(self.call("POST", "/api/models/plan", {"model": "absent"})[0], 404)

        self.assertEqual(self.call("DELETE", "/api/models/files/own"), (200, {"removed": "own"}))
        self.assertEqual(self.names(), [])
        self.assertEqual(self.call("DELETE", "/api/models/files/own")[0], 404)
        self.stop(self.process)

    def test_a_plan_that_does_not_fit_says_what_does(self):
        self.docmind("models", "import", self.checkpoint, "--name", "tiny", "--type", "f16")
        self.begin("--set", "engine.cpu_memory_mb=60")
        asked = {"model": "tiny", "context": 32768, "kv_type": "f16"}
        plan = self.call("POST", "/api/models/plan", asked)[1]
        self.assertEqual((plan["fits"], plan["available"], plan["kv_type"]), (False, 60 << 20, "f16"))
        self.assertGreater(plan["bytes"], 60 << 20)
        self.assertIn("A context of 32768 tokens does not fit", plan["why"])
        self.assertEqual([fix["kv_type"] for fix in plan["fixes"]], ["f16", "q8_0", "q4_0"])
        contexts = [fix["context"] for fix in plan["fixes"]]
        self.assertEqual(contexts, sorted(contexts))
        for fix in plan["fixes"]:
            fixed = self.call("POST", "/api/models/plan", asked | {"context": fix["context"], "kv_type": fix["kv_type"]})[1]
            self.assertTrue(fixed["fits"], fix)
            self.assertEqual(fixed["bytes"], fix["bytes"])
            more = self.call("POST", "/api/models/plan", asked | {"context": fix["context"] + 1024, "kv_type": fix["kv_type"]})[1]
            self.assertFalse(more["fits"], fix)
        self.assertEqual(self.call("POST", "/api/models/plan", {"model": "tiny"})[1]["fits"], True)  # As much as fits.

    def test_the_memory_of_a_running_engine_counts_as_free(self):
        self.docmind("models", "import", self.checkpoint, "--name", "tiny", "--type", "f16")
        running = ("--set", "engine.model=tiny", "--set", "engine.context=524288", "--set", "engine.kv_cache_dtype=f16")
        self.begin(*running)

        def held():
            """What counts as free beyond what is: other programs take and give some between the two looks."""
            told = []
            for _ in range(5):
                plan = self.call("POST", "/api/models/plan", {"context": 1024})[1]
                with open("/proc/meminfo") as meminfo:
                    free = next(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("MemAvailable"))
                told.append(plan["available"] - free)
            return sorted(told)[2]
        before = held()
        self.assertEqual(self.post(self.address, "/v1/completions", {"model": "tiny", "prompt": "a", "max_tokens": 1})[0], 200)
        plan = self.call("POST", "/api/models/plan", {})[1]
        self.assertEqual((plan["model"], plan["context"]), ("tiny", 524288))
        self.assertEqual(plan["kv"], 256 << 20)
        self.assertGreater(held(), before + plan["kv"] // 2)
        status, refused = self.call("DELETE", "/api/models/files/tiny")
        self.assertEqual(status, 409)
        self.assertIn("engine.model names it", refused["error"]["message"])

    def test_a_pull_goes_on_without_anybody_and_after_a_pause(self):
        hub = self.hub()
        self.begin()
        hub.faults = [stall_after(4000)]
        status, job = self.pull(hub)
        self.assertEqual((status, job["state"], job["asked"]["repository"]), (202, "running", "owner/tiny"))
        self.until(lambda job: job["done"] == 4000)
        self.assertEqual(self.pull(hub, name="other")[0], 409)
        self.assertTrue(self.call("DELETE", "/api/models/jobs/" + job["id"])[1]["stopping"])
        job = self.ended()
        self.assertEqual((job["state"], job["done"], job["total"]), ("stopped", 4000, len(self.gguf)))
        self.assertEqual(self.names(), [])
        hub.faults = [cut_after(3000)]
        self.assertEqual(self.call("POST", "/api/models/pull", job["asked"])[0], 202)
        self.assertEqual(self.ended()["state"], "done")
        self.assertEqual(hub.gets("tiny.gguf"), [None, "bytes=4000-", "bytes=7000-"])
        self.assertEqual(len(self.call("GET", "/api/models/jobs")[1]["jobs"]), 1)
        self.assertEqual(self.names(), ["tiny"])
        self.assertEqual((self.data / "models/tiny.gguf").read_bytes(), self.gguf)

    def test_a_wrong_checksum_installs_nothing(self):
        hub = self.hub()
        self.begin()
        hub.faults = [corrupt]
        self.pull(hub)
        job = self.ended()
        self.assertEqual((job["state"], job["failure"]["code"]), ("failed", "data_loss"))
        self.assertIn("another SHA-256", job["failure"]["message"])
        self.assertEqual(self.names(), [])

    def test_nothing_is_asked_unless_told_whom(self):
        hub = self.hub()
        self.begin()
        status, refused = self.call("POST", "/api/models/pull", {"repository": "owner/tiny"})
        self.assertEqual(status, 400)
        self.assertIn("No model hub is set", refused["error"]["message"])
        for body in ({"repository": "owner"}, {"repository": "a/b", "file": "../x.gguf"}, {"repository": "a/b", "file": "x.txt"},
                     {"repository": "a/b", "name": "../x"}, {"repository": "a/b", "type": "q9"},
                     {"repository": "a/b", "revision": "../../x"}):
            self.assertEqual(self.call("POST", "/api/models/pull", body | {"from": hub.address})[0], 400, body)
        self.assertEqual(self.call("GET", "/api/models/jobs")[1], {"jobs": []})
        for address in ("http://hub.invalid", "ftp://127.0.0.1/", "hub", "https://u:p@127.0.0.1/"):
            self.assertEqual(self.pull(hub, **{"from": address})[0], 400, address)
        self.assertEqual(hub.asked, [])
        changed = self.call("PATCH", "/api/settings", {"changes": {"models.endpoint": hub.address}})
        self.assertEqual(changed[0], 200, changed)
        self.call("POST", "/api/models/pull", {"repository": "owner/tiny", "file": "tiny.gguf"})
        self.assertEqual(self.ended()["state"], "done")

    def test_the_server_ends_in_the_middle_of_a_pull(self):
        hub = self.hub()
        self.begin()
        hub.faults = [stall_after(4000)]
        self.pull(hub)
        self.until(lambda job: job["done"] == 4000)
        self.stop(self.process)
        self.begin()
        self.assertEqual(self.call("GET", "/api/models/jobs")[1], {"jobs": []})
        self.pull(hub)
        self.assertEqual(self.ended()["state"], "done")
        self.assertEqual(hub.gets("tiny.gguf")[-1], "bytes=4000-")


if __name__ == "__main__":
    unittest.main()
