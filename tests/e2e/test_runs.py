"""Answers as runs: followed, found again, stopped."""
import http.client
import json
import unittest
import urllib.parse
import urllib.request

from harness import events
from test_engine import wait_for
from tiny_model import TinyModelTest

FERRIES = "# Ferries\n\nThe ferry Aurora was built in 1901 by Anna Weber in Kiel.\n"


class Follows:
    """For a test with a server: begins runs and reads their events."""

    def start_run(self, address, **body):
        status, run = self.post(address, "/api/runs", body)
        self.assertEqual((status, run["state"]), (202, "running"))
        return run["run"]

    def events(self, address, run, after=0, until="done"):
        """(number, name, data) of those up to one that is called `until`, or all."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)
        self.addCleanup(connection.close)
        connection.request("GET", f"/api/runs/{run}/events", headers={"Last-Event-ID": str(after)})
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        out = []
        for event in events(response):
            out.append((int(event["id"]), event["event"], json.loads(event["data"])))
            if out[-1][1] == until:
                break
        return out


class Runs(Follows, TinyModelTest):
    def setUp(self):
        super().setUp()
        self.write("ferries.md", FERRIES)
        self.docmind("ingest", self.work)

    def test_a_question_is_followed_and_seen_again(self):
        _, address = self.serve()
        session = self.post(address, "/api/sessions", {})[1]["session"]
        run = self.start_run(address, session=session, question="Who built the ferry Aurora?")
        events = self.events(address, run)
        self.assertEqual([n for n, _, _ in events], sorted(n for n, _, _ in events))
        steps = [(data["agent"], data["state"]) for _, name, data in events if name == "step"]
        self.assertEqual(steps[0], ("query_router", "running"))
        self.assertEqual(steps[-1], ("response_validator", "ok"))
        seals = [data for _, name, data in events if name == "seal"]
        self.assertIn("Anna Weber", seals[0]["citations"][0]["quote"])
        done = events[-1][2]
        self.assertEqual((done["session"], done["turn"]), (session, 1))
        self.assertEqual(self.events(address, run), events)
        self.assertEqual(self.events(address, run, after=events[-2][0]), events[-1:])
        self.assertEqual(self.get(address, f"/api/runs/{run}")[1]["state"], "done")
        self.assertEqual(self.get(address, f"/api/sessions/{session}")[1]["turns"], 1)

    def test_a_run_is_stopped_while_a_model_writes(self):
        self.environment["DOCMIND_ASK__MAX_TOKENS"] = "4000"
        _, address = self.serve("--model", self.model)
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        run = self.start_run(address, question="Who built the ferry Aurora?", cache="bypass")
        self.assertEqual(self.get(address, "/api/runs")[1]["runs"][0]["run"], run)
        draft = self.events(address, run, until="draft")[-1]
        self.assertEqual(draft[1], "draft")
        self.assertTrue(draft[2]["text"])
        stopping = urllib.request.Request(f"{address}/api/runs/{run}", method="DELETE")
        self.assertEqual(self.request(stopping), (200, {"stopped": True}))
        self.assertEqual(self.events(address, run, after=draft[0])[-1][1], "stopped")
        self.assertEqual(self.get(address, "/api/runs")[1]["runs"], [])

    def test_the_server_ends_in_the_middle(self):
        self.environment["DOCMIND_ASK__MAX_TOKENS"] = "4000"
        server, address = self.serve("--model", self.model)
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        run = self.start_run(address, question="Who built the ferry Aurora?", cache="bypass")
        self.events(address, run, until="draft")
        self.stop(server)


if __name__ == "__main__":
    unittest.main()
