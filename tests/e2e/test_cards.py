"""NVIDIA's cards over time, with a driver library made for tests: its child may hang or crash, and the server stays."""
import pathlib
import subprocess
import time
import unittest

from harness import FIXTURES, DocMindTest
from processes import below


def wait_for(what, seconds=60):
    """For what comes with a look every few seconds: asked slowly, so that asking is no load."""
    end = time.monotonic() + seconds
    while not (result := what()):
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.2)
    return result


def watchers(server):
    return {pid: words for pid, words in below(server.pid).items() if words[1:2] == ["cards"]}


class Cards(DocMindTest):
    def setUp(self):
        super().setUp()
        self.library = self.work / "libfake_nvml.so"
        # Built here: the release build, which this runs with in CI, has nothing that is for tests alone.
        subprocess.run(["clang-19", "-shared", "-fPIC", "-o", self.library, FIXTURES / "fake_nvml.c"], check=True)
        self.log = pathlib.Path(self.folder.name) / "log"
        self.server, self.address = self.serve("--set", f"test.gpu_library={self.library}", "--set", f"log.file={self.log}")

    def says(self, text):
        self.library.with_name(self.library.name + ".says").write_text(text)

    def metric(self, line):
        return line in self.get(self.address, "/metrics")[1].splitlines()

    def alert(self):
        alerts = self.get(self.address, "/api/alerts")[1]["alerts"]
        return next(one for one in alerts if one["name"] == "gpu_memory")

    def told(self):
        return self.log.read_text().count("cards_not_watched")

    def test_memory_power_and_heat_and_a_driver_that_fails(self):
        wait_for(lambda: self.metric('docmind_gpu_memory_bytes{device="0"} 1000'))
        for line in ('docmind_gpu_memory_total_bytes{device="0"} 2000', 'docmind_gpu_power_watts{device="0"} 80.5',
                     'docmind_gpu_temperature_celsius{device="0"} 55', 'docmind_gpu_utilization_percent{device="0"} 42',
                     'docmind_gpu_throttled{device="0",reason="heat"} 0'):
            self.assertTrue(self.metric(line), line)
        self.assertEqual(len(watchers(self.server)), 1)
        self.says(f"1950 {0x40}")
        wait_for(lambda: self.metric('docmind_gpu_memory_bytes{device="0"} 1950'))
        self.assertTrue(self.metric('docmind_gpu_throttled{device="0",reason="heat"} 1'))
        wait_for(lambda: self.alert()["state"] == "pending")
        self.assertAlmostEqual(self.alert()["value"], 97.5)
        self.assertEqual(self.told(), 0)

        self.says("hang")
        wait_for(lambda: not self.metric('docmind_gpu_memory_bytes{device="0"} 1950'))
        self.assertNotIn("docmind_gpu", self.get(self.address, "/metrics")[1])
        wait_for(lambda: self.told() == 1)
        self.says("500")
        wait_for(lambda: self.metric('docmind_gpu_memory_bytes{device="0"} 500'))
        self.says("crash")
        wait_for(lambda: "docmind_gpu" not in self.get(self.address, "/metrics")[1])
        self.assertEqual(self.get(self.address, "/health")[0], 200)
        self.assertEqual(self.told(), 1, "once, not each time it is tried again")
        self.stop(self.server)


class WithoutADriver(DocMindTest):
    def test_no_child_stays(self):
        server, address = self.serve("--set", "test.gpu_library=libdocmind-no-such-library.so.1")
        alerts = wait_for(lambda: {one["name"]: one for one in self.get(address, "/api/alerts")[1]["alerts"]})
        wait_for(lambda: not watchers(server))
        self.assertEqual(alerts["gpu_memory"]["state"], "not_on_this_machine")
        self.assertNotIn("docmind_gpu", self.get(address, "/metrics")[1])


if __name__ == "__main__":
    unittest.main()
