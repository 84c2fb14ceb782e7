"""alerts.webhook: a real receiver is told once when an alert begins and once when it ends, and tried again when it fails."""
import http.server
import json
import threading
import unittest

from harness import DocMindTest
from test_engine import wait_for
from test_shared_cache import Redis


class Receiver(http.server.ThreadingHTTPServer):
    """Takes posts on a free port. The first one fails."""

    def __init__(self, test):
        self.posts, self.tries = [], 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.tries += 1
                if receiver.tries == 1:
                    return self.send_error(503)
                receiver.posts.append((self.path, self.headers["Content-Type"], body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=self.serve_forever)
        thread.start()
        test.addCleanup(thread.join)
        test.addCleanup(self.server_close)
        test.addCleanup(self.shutdown)


class AlertWebhook(DocMindTest):
    def test_begin_and_end_are_told(self):
        redis, receiver = Redis(self), Receiver(self)
        self.environment["DOCMIND_CACHE__ENABLED"] = "true"
        self.environment["DOCMIND_CACHE__SHARED"] = redis.url
        log = self.work / "log"
        _, address = self.serve("--set", f"alerts.webhook=http://127.0.0.1:{receiver.server_port}/hook",
                                "--set", f"log.file={log}")
        self.get(address, "/health")
        self.assertEqual(receiver.posts, [])
        redis.kill()
        wait_for(lambda: receiver.posts)
        redis.start()
        wait_for(lambda: len(receiver.posts) > 1)
        self.assertEqual(receiver.tries, 3, "the first post failed, and was not tried again")
        (path, kind, firing), (_, _, resolved) = receiver.posts
        self.assertEqual((path, kind), ("/hook", "application/json"))
        self.assertEqual((firing["version"], firing["status"], resolved["status"]), ("4", "firing", "resolved"))
        begun, ended = firing["alerts"][0], resolved["alerts"][0]
        self.assertEqual(begun["labels"]["alertname"], "check shared cache")
        self.assertIn("is away", begun["annotations"]["summary"])
        for field in ("labels", "startsAt", "fingerprint"):
            self.assertEqual(begun[field], ended[field])
        self.assertLess(ended["startsAt"], ended["endsAt"])
        logged = [line for line in log.read_text().splitlines() if '"check shared cache"' in line]
        self.assertEqual([event for line in logged for event in ("alert_raised", "alert_over") if event in line],
                         ["alert_raised", "alert_over"])

    def test_another_machine_is_refused(self):
        told = self.docmind("serve", "--set", "alerts.webhook=http://pager.example/hook", code=None)
        self.assertNotEqual(told.code, 0)
        self.assertIn("alerts.webhook would send text to pager.example", told.err)


if __name__ == "__main__":
    unittest.main()
