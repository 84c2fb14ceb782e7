"""A machine on its battery, by a folder like /sys: engines compute with half of their threads, it is shown and logged, and is over."""
import json
import pathlib
import unittest
import urllib.request

from test_cards import wait_for
from tiny_model import TinyModelTest


class Slowed(TinyModelTest):
    def setUp(self):
        super().setUp()
        self.log = pathlib.Path(self.folder.name) / "log"
        self.power("Charging", mains=1)
        for setting in ("ENGINE__THREADS", "EMBEDDER__THREADS"):
            self.environment["DOCMIND_" + setting] = "4"
        self.server, self.address = self.serve("--model", "tiny", "--set", f"test.sensors={self.work / 'sys'}",
                                               "--set", f"log.file={self.log}")

    def power(self, status, mains):
        for name, text in (("BAT0/type", "Battery"), ("BAT0/status", status), ("AC/type", "Mains"), ("AC/online", mains)):
            self.write(f"sys/class/power_supply/{name}", f"{text}\n")

    def metric(self, line):
        return line in self.get(self.address, "/metrics")[1].splitlines()

    def threads(self, count):
        return all(self.metric(f'docmind_engine_threads{{engine="{engine}"}} {count}') for engine in ("chat", "embedder"))

    def notices(self):
        return [one["says"] for one in self.get(self.address, "/health")[1]["alerts"] if one["name"] == "slowed"]

    def logged(self, event):
        return [line for line in self.log.read_text().splitlines() if event in line]

    def test_on_battery_and_back(self):
        wait_for(lambda: self.threads(4))
        self.assertTrue(self.metric('docmind_machine_slowed{reason="battery"} 0'))
        self.assertEqual(self.notices(), [])

        self.power("Discharging", mains=0)
        wait_for(lambda: self.threads(2))
        self.assertTrue(self.metric('docmind_machine_slowed{reason="battery"} 1'))
        self.assertEqual(self.notices(), ["The machine runs on its battery: models compute with half of their threads."])
        self.assertEqual(len(self.logged("machine_slowed")), 1)
        self.assertIn("runs on its battery", self.logged("machine_slowed")[0])
        status, answer = self.post(self.address, "/v1/chat/completions",
                                   {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8})
        self.assertEqual(status, 200, answer)

        # Whoever does not want it says so, and it is over at the next look.
        request = urllib.request.Request(self.address + "/api/settings", method="PATCH",
                                         data=json.dumps({"changes": {"engine.slow_down_on": "throttle"}}).encode(),
                                         headers={"Content-Type": "application/json"})
        self.assertEqual(self.request(request)[0], 200)
        wait_for(lambda: self.threads(4))
        self.docmind("config", "set", "engine.slow_down_on", "auto")
        wait_for(lambda: self.threads(2))

        self.power("Charging", mains=1)
        wait_for(lambda: self.threads(4))
        wait_for(lambda: self.notices() == [])
        self.assertEqual(len(self.logged("machine_at_full_speed")), 2)
        self.stop(self.server)


if __name__ == "__main__":
    unittest.main()
