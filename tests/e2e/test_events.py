"""How things stand, told as it changes: to a page of its own while the command line reads documents and asks."""
import http.client
import json
import unittest
import urllib.parse
import urllib.request

from harness import DocMindTest, events, manuals

FERRIES = "# Ferries\n\nThe ferry Aurora was built in 1901 by Anna Weber in Kiel.\n"


class Events(DocMindTest):
    def watch(self, address):
        """What is told from now on: (name, data)."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/events")
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        return ((one["event"], json.loads(one["data"])) for one in events(response))

    def until(self, told, name, fits):
        return next(data for event, data in told if event == name and fits(data))

    def delete(self, address, path):
        return self.request(urllib.request.Request(address + path, method="DELETE"))

    def test_all_at_first_and_then_what_changes(self):
        _, address = self.serve()
        told = self.watch(address)
        first = dict(next(told) for _ in range(5))
        self.assertEqual(sorted(first), ["backends", "chats", "documents", "health", "jobs"])
        self.assertEqual(first["health"]["status"], self.get(address, "/health")[1]["status"])
        self.assertEqual(first["backends"], self.get(address, "/api/backends")[1])
        self.docmind("ingest", self.write("ferries.md", FERRIES))
        changed = self.until(told, "documents", lambda data: data != first["documents"])
        self.assertGreaterEqual(self.get(address, "/api/documents")[1]["generation"], changed["generation"])
        self.post(address, "/api/sessions/ferries/ask", {"question": "Who built the ferry Aurora?"})
        changes = self.until(told, "chats", lambda data: data["changes"] > first["chats"]["changes"])["changes"]
        run = self.post(address, "/api/runs", {"session": "ferries", "question": "When was the ferry Aurora built?"})
        self.assertEqual(run[0], 202)
        self.until(told, "chats", lambda data: data["changes"] > changes)

    def test_what_the_command_line_reads_is_a_job_that_anybody_stops(self):
        process, address = self.serve()
        told = self.watch(address)
        manuals(self.work)
        reading = self.start("ingest", self.work)
        job = self.until(told, "jobs", lambda data: data["jobs"] and data["jobs"][0]["progress"])["jobs"][0]
        self.assertEqual(job["what"], str(self.work))
        self.assertEqual(self.get(address, "/api/jobs")[1]["jobs"][0]["job"], job["job"])
        self.assertEqual(self.delete(address, f"/api/jobs/{job['job']}"), (200, {"stopped": True}))
        out, err = reading.communicate(timeout=60)
        self.assertNotEqual(reading.returncode, 0, out)
        self.assertIn("stopped", err)
        self.until(told, "jobs", lambda data: not data["jobs"])
        self.assertEqual(self.delete(address, f"/api/jobs/{job['job']}")[0], 404)
        self.stop(process)  # Somebody who watches does not hold it up.

    def test_forty_who_watch_do_not_hold_up_a_question(self):
        _, address = self.serve()
        self.docmind("ingest", self.write("ferries.md", FERRIES))
        watching = [self.watch(address) for _ in range(40)]
        for told in watching:
            next(told)
        status, answer = self.post(address, "/api/ask", {"question": "Who built the ferry Aurora?"})
        self.assertEqual((status, answer["status"]), (200, "answered"))


if __name__ == "__main__":
    unittest.main()
