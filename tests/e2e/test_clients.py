#!/usr/bin/env python3
"""Programs written for OpenAI's or Anthropic's API ask the model docmind: the wire, against the real binary. Their own
clients do the same in tests/peers/clients.py."""
import json
import subprocess
import unittest
import urllib.request

from harness import DocMindTest

QUESTION = "When was the lighthouse of the harbour painted red?"
KEYS = {"Authorization": "Bearer sk-none", "x-api-key": "none", "anthropic-version": "2023-06-01"}


class ClientsTest(DocMindTest):
    def setUp(self):
        super().setUp()
        self.path = self.write("harbour.md", "# Harbour\n\nThe lighthouse of the harbour was painted red in 1911. It is "
                                             "forty metres tall and stands on a rock.\n")
        self.docmind("ingest", self.path)
        _, self.address = self.serve()

    def ask(self, path, **body):
        status, reply = self.post(self.address, path, {"model": "docmind", **body}, KEYS)
        self.assertEqual(status, 200, reply)
        return reply

    def events(self, path, **body):
        """[(name, data)] of a stream."""
        request = urllib.request.Request(self.address + path, json.dumps({"model": "docmind", "stream": True, **body}).encode(),
                                         {"Content-Type": "application/json", **KEYS})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as reply:
            self.assertEqual(reply.headers["Content-Type"], "text/event-stream")
            text = reply.read().decode()
        blocks = [dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
                  for block in text.split("\n\n") if block]
        return [(block.get("event"), block["data"]) for block in blocks if block]

    def test_chat_completions(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": QUESTION}]
        whole = self.ask("/v1/chat/completions", messages=messages)
        message = whole["choices"][0]["message"]
        self.assertIn("1911", message["content"])
        self.assertIn("[1]", message["content"])
        at = message["annotations"][0]["url_citation"]
        self.assertEqual(message["content"][at["start_index"]:at["end_index"]], "[1]")
        self.assertEqual(at["title"], "harbour.md")
        self.assertTrue(at["url"].startswith(self.address + "/doc/"), at)
        citation = whole["docmind"]["citations"][0]
        stored = self.path.read_bytes()
        self.assertIn(citation["quote"].encode(), stored)
        self.assertIn("1911", citation["quote"])
        self.assertEqual(self.get(self.address, f"/api/traces/{whole['docmind']['trace_id']}")[0], 200)

        events = self.events("/v1/chat/completions", messages=messages, stream_options={"include_usage": True})
        self.assertEqual(events[-1], (None, "[DONE]"))
        chunks = [json.loads(data) for _, data in events[:-1]]
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks[:-1])
        self.assertEqual(text, message["content"])
        self.assertEqual(chunks[-1]["usage"]["total_tokens"], 0, "no chat model was asked")

    def test_no_answer_is_said(self):
        whole = self.ask("/v1/chat/completions", messages=[{"role": "user", "content": "Who won the chess title in 1972?"}])
        text = whole["choices"][0]["message"]["content"]
        self.assertTrue(text.startswith("Your documents do not say."), text)
        self.assertIn("harbour.md", text)
        self.assertEqual(whole["choices"][0]["message"]["annotations"], [])

    def test_what_was_said_before_is_its_history(self):
        whole = self.ask("/v1/chat/completions", messages=[
            {"role": "user", "content": QUESTION}, {"role": "assistant", "content": "In 1911. [1]"},
            {"role": "user", "content": "How tall is it?"}])
        self.assertIn("harbour", whole["docmind"]["query_used"], "\"it\" stands for something")
        self.assertIn("forty metres", whole["choices"][0]["message"]["content"])

    def test_responses(self):
        whole = self.ask("/v1/responses", input=QUESTION)
        part = whole["output"][0]["content"][0]
        self.assertIn("1911", part["text"])
        self.assertEqual(part["annotations"][0]["filename"], "harbour.md")
        events = self.events("/v1/responses", input=[{"role": "user", "content": QUESTION}])
        self.assertEqual((events[0][0], events[-1][0]), ("response.created", "response.completed"))
        deltas = "".join(json.loads(data)["delta"] for name, data in events if name == "response.output_text.delta")
        self.assertEqual(deltas, part["text"])

    def test_messages(self):
        asked = {"max_tokens": 256, "messages": [{"role": "user", "content": QUESTION}]}
        whole = self.ask("/v1/messages", **asked)
        self.assertIn("1911", whole["content"][0]["text"])
        self.assertIn("1911", whole["content"][0]["citations"][0]["cited_text"])
        events = self.events("/v1/messages", **asked)
        self.assertEqual((events[0][0], events[-1][0]), ("message_start", "message_stop"))
        deltas = [json.loads(data)["delta"] for name, data in events if name == "content_block_delta"]
        text = "".join(delta.get("text", "") for delta in deltas)
        self.assertEqual(text, "".join(block["text"] for block in whole["content"]))

    def test_mcp_on_standard_input_and_output(self):
        def message(number, method, **params):
            return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        sent = [message(1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"}),
                json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}), "no message",
                message(2, "tools/list"), message(3, "tools/call", name="ask", arguments={"question": QUESTION})]
        ran = subprocess.run(self.command("mcp"), input="\n".join(sent) + "\n", capture_output=True, text=True, timeout=120,
                             env=self.environment)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        replies = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual([reply["id"] for reply in replies], [1, None, 2, 3], "nothing else is on standard output")
        self.assertEqual(replies[0]["result"]["protocolVersion"], "2025-06-18")
        self.assertEqual(replies[1]["error"]["code"], -32700)
        answer = replies[3]["result"]
        self.assertIn("1911", answer["content"][0]["text"])
        citation = answer["structuredContent"]["claims"][0]["citations"][0]
        status, read = self.post(self.address, "/mcp", json.loads(message(4, "tools/call", name="read_passage", arguments={
            key: citation[key] for key in ("document_id", "start", "end")})))
        self.assertEqual(status, 200)
        self.assertIn(citation["quote"], read["result"]["structuredContent"]["text"])

    def test_errors_have_the_shape_of_their_api(self):
        status, body = self.post(self.address, "/v1/chat/completions", {"model": "docmind", "messages": []}, KEYS)
        self.assertEqual((status, body["error"]["type"], body["error"]["param"]), (400, "invalid_request_error", None))
        status, body = self.post(self.address, "/v1/chat/completions", {"model": "gpt-4", "messages": []}, KEYS)
        self.assertEqual((status, body["error"]["code"]), (404, "not_found"))
        status, body = self.post(self.address, "/v1/messages", {"model": "claude-3", "messages": []}, KEYS)
        self.assertEqual((status, body["type"], body["error"]["type"]), (404, "error", "not_found_error"))
        self.assertEqual([m["id"] for m in self.get(self.address, "/v1/models")[1]["data"]][-1], "docmind")


if __name__ == "__main__":
    unittest.main()
