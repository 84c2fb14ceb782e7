"""A request's name: from the client's header to its answer, the lines of the log and the backends that worked for it."""
import json
import unittest
import urllib.request

from harness import DocMindTest
from scripted_chat import ScriptedChat
from test_engine import wait_for

FERRIES = "# Ferries\n\nThe ferry Aurora was built in 1901 by Anna Weber in Kiel.\n"


class RequestId(DocMindTest):
    def setUp(self):
        super().setUp()
        self.log = self.work / "log.jsonl"
        self.environment |= {"DOCMIND_LOG__LEVEL": "debug", "DOCMIND_LOG__FORMAT": "json", "DOCMIND_LOG__FILE": str(self.log)}

    def named(self, address, path, name, body=None):
        """The name that the answer has."""
        request = urllib.request.Request(address + path, data=body and json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json", **({"X-Request-Id": name} if name else {})})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as reply:
            reply.read()
            return reply.headers["X-Request-Id"]

    def ended(self, name):
        """The line of a request's end: its answer is there a moment before."""
        def found():
            lines = map(json.loads, self.log.read_text().split("\n")[:-1])  # Whole ones.
            return [line for line in lines if line.get("request") == name and line["event"] == "http_request"]
        return wait_for(found)[-1]

    def test_from_the_client_to_the_backend(self):
        chat = ScriptedChat()
        self.addCleanup(chat.close)
        chat.text = "Anna Weber built the ferry Aurora in Kiel in 1901 [1]."
        self.docmind("ingest", self.write("ferries.md", FERRIES))
        _, address = self.serve("--set", "vllm.url=" + chat.url)
        self.assertEqual(self.named(address, "/api/ask", "mine-1", {"question": "Who built the ferry Aurora?"}), "mine-1")
        self.assertIn("mine-1", chat.named)
        line = self.ended("mine-1")
        self.assertEqual((line["method"], line["route"], line["status"]), ("POST", "/api/ask", 200))

    def test_who_gives_none_is_given_one(self):
        _, address = self.serve()
        names = {self.named(address, "/health", ""), self.named(address, "/health", ""), self.named(address, "/health", "no words")}
        self.assertEqual(len(names), 3)
        for name in names:
            self.assertRegex(name, r"^[0-9a-f]{16}-[0-9a-f]+$")
            self.assertEqual(self.ended(name)["route"], "/health")


if __name__ == "__main__":
    unittest.main()
