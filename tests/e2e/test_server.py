"""docmind serve: health, metrics, the API, and commands beside a running server."""
import json
import os
import pathlib
import signal
import unittest
import urllib.request

from harness import DocMindTest
from test_contracts import MARKDOWN


class Server(DocMindTest):
    def test_serves_what_the_command_line_has(self):
        self.write("a.md", MARKDOWN)
        process, address = self.serve()
        self.assertEqual(self.get(address, "/health/live")[0], 200)
        self.docmind("ingest", self.work)  # goes through the server: it holds the lock
        status, answer = self.post(address, "/api/ask", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"]), (200, "answered"))
        self.assertEqual(self.get(address, "/health/ready")[0], 200)
        status, found = self.get(address, "/api/search?q=mast&k=3")
        self.assertEqual(status, 200)
        self.assertTrue(found["hits"])
        settings = self.get(address, "/api/settings")[1]["settings"]
        self.assertIn({"key": "search.k", "value": 10, "origin": "default"},
                      [{k: line[k] for k in ("key", "value", "origin")} for line in settings])
        metrics = self.get(address, "/metrics")[1]
        self.assertRegex(metrics, r'docmind_queries_total\{[^}]*status="success"[^}]*\} 1')
        self.assertEqual(self.docmind("verify", self.write("../a.json", json.dumps(answer))).code, 0)
        self.stop(process)

    def test_upload_streams_progress_and_then_answers(self):
        process, address = self.serve()
        boundary = "x-docmind-x"
        body = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="船.md"\r\n'
                f"Content-Type: text/markdown\r\n\r\n{MARKDOWN}\r\n--{boundary}--\r\n").encode()
        request = urllib.request.Request(address + "/api/documents", data=body, method="POST", headers={
            "Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "text/event-stream"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as reply:
            self.assertIn("text/event-stream", reply.headers["Content-Type"])
            events = reply.read().decode()
        last = json.loads([line for line in events.splitlines() if line.startswith("data:")][-1][5:])
        self.assertEqual((last["added"], last["failed"]), (1, []))
        answer = self.post(address, "/api/ask", {"question": "How tall is the main mast?"})[1]
        self.assertEqual(answer["claims"][0]["citations"][0]["document"], "船.md")
        self.stop(process)

    def test_bad_requests_get_one_clear_error(self):
        process, address = self.serve()
        for path, body in (("/api/ask", b"{"), ("/api/ask", b"{}"), ("/api/ask", b'{"question": 7}'),
                           ("/api/ask", b'{"question": ""}')):
            status, reply = self.post(address, path, body)
            self.assertEqual(status, 400, (path, body))
            self.assertEqual(sorted(reply["error"]), ["code", "hint", "message"])
        self.assertEqual(self.get(address, "/no/such/route")[0], 404)
        self.assertEqual(self.get(address, "/api/ask")[0], 405)
        self.assertEqual(self.get(address, "/api/search")[0], 400)
        request = urllib.request.Request(address + "/health/live", headers={"Host": "evil.test"})
        self.assertEqual(self.request(request)[0], 421)
        status, _ = self.post(address, "/api/ask", {"question": "x"}, {"Origin": "http://evil.test"})
        self.assertEqual(status, 403)
        self.stop(process)

    def test_a_taken_port_and_a_second_server(self):
        process, address = self.serve()
        port = address.rsplit(":", 1)[1]
        other = self.docmind("--data", self.work / "other", "serve", "--port", port, code=1)
        self.assertIn(port, other.err)
        second = self.docmind("serve", "--port", "0", code=1)  # same data directory
        self.assertIn(str(self.data), second.err)
        self.stop(process)

    def test_stops_cleanly_and_leaves_no_child(self):
        self.write("a.md", MARKDOWN)
        process, _ = self.serve()
        self.docmind("ingest", self.work)
        children = [int(p) for p in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 0)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"), "an engine was left behind")
        self.docmind("library")  # the lock is free again


if __name__ == "__main__":
    unittest.main()
