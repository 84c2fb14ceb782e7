"""Spans of requests at an OpenTelemetry collector: a real receiver gets them, as a tree, with no word of anybody's; and one that is
gone hurts nobody."""
import http.server
import json
import os
import pathlib
import re
import threading
import unittest

from harness import DocMindTest
from scripted_chat import ScriptedChat
from test_engine import wait_for

FERRIES = "# Ferries\n\nThe ferry Zanzibarium was built in 1901 by Hildegunde Quastenberg in Wolgograd.\n"
QUESTION = "Who built the ferry Zanzibarium?"
ANSWER = "Hildegunde Quastenberg built the ferry Zanzibarium in Wolgograd in 1901 [1]."
AGENTS = ["query_router", "query_planner", "retrieval_expert", "result_synthesizer", "response_validator"]
CALLER = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
DUMP = os.environ.get("DOCMIND_OTLP_DUMP")  # A folder for the bodies, for another reader of OTLP.


class Collector:
    """Takes POST /v1/traces as OTLP/HTTP has it, and keeps the bodies."""

    def __init__(self):
        self.bodies, self.wrong = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if (self.path, self.headers["Content-Type"]) != ("/v1/traces", "application/json"):
                    outer.wrong.append((self.path, self.headers["Content-Type"]))
                outer.bodies.append(body.decode())
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def resources(self):
        return [one for body in list(self.bodies) for one in json.loads(body)["resourceSpans"]]

    def spans(self):
        return [span for resource in self.resources() for scope in resource["scopeSpans"] for span in scope["spans"]]

    def of_trace(self, trace):
        return [span for span in self.spans() if span["traceId"] == trace]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def value(span, key):
    found = [one["value"] for one in span["attributes"] if one["key"] == key]
    return found and next(iter(found[0].values()))


def traceparent(trace, flags="01"):
    return {"traceparent": f"00-{trace}-{CALLER[1]}-{flags}"}


class Tracing(DocMindTest):
    def setUp(self):
        super().setUp()
        self.log = self.work / "log.jsonl"
        self.environment |= {"DOCMIND_LOG__FORMAT": "json", "DOCMIND_LOG__FILE": str(self.log)}
        self.docmind("ingest", self.write("ferries.md", FERRIES))
        self.collector = Collector()
        self.addCleanup(self.collector.close)

    def traced(self, *args):
        return self.serve("--set", "tracing.endpoint=" + self.collector.url, *args)

    def ask(self, address, trace=CALLER[0], flags="01"):
        status, answer = self.post(address, "/api/ask", {"question": QUESTION}, traceparent(trace, flags))
        self.assertEqual((status, answer["status"]), (200, "answered"))
        return answer

    def whole(self, trace):
        """All spans of a trace: that of the request is the last to end."""
        def found():
            spans = self.collector.of_trace(trace)
            return spans if any(span["kind"] == 2 for span in spans) else None
        return wait_for(found)

    def logged(self, event):
        lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        return [line for line in map(json.loads, lines) if line["event"] == event]

    def test_a_question_is_a_tree_without_a_word_of_it(self):
        chat = ScriptedChat()
        self.addCleanup(chat.close)
        chat.text = ANSWER
        server, address = self.traced("--set", "vllm.url=" + chat.url)
        answer = self.ask(address)
        self.assertEqual(answer["mode"], "generated")
        spans = {span["name"]: span for span in self.whole(CALLER[0])}
        request, answered, call = spans["POST /api/ask"], spans["answer"], spans["chat scripted"]
        self.assertEqual((request["parentSpanId"], request["kind"]), (CALLER[1], 2))
        self.assertEqual((value(request, "http.response.status_code"), value(request, "http.route")), ("200", "/api/ask"))
        self.assertEqual(answered["parentSpanId"], request["spanId"])
        self.assertEqual((value(answered, "docmind.status"), value(answered, "docmind.trace_id")), ("answered", answer["trace_id"]))
        self.assertEqual(spans.keys(), {"POST /api/ask", "answer", "chat scripted", *("invoke_agent " + name for name in AGENTS)})
        for name in AGENTS:
            self.assertEqual(spans["invoke_agent " + name]["parentSpanId"], answered["spanId"])
            self.assertEqual(value(spans["invoke_agent " + name], "gen_ai.agent.name"), name)
        self.assertEqual((call["parentSpanId"], call["kind"]), (spans["invoke_agent result_synthesizer"]["spanId"], 3))
        self.assertEqual([value(call, "gen_ai." + key) for key in ("operation.name", "request.model", "provider.name",
                                                                   "usage.input_tokens", "usage.output_tokens")],
                         ["chat", "scripted", "vllm", "100", "20"])
        self.assertIn(f"00-{CALLER[0]}-{call['spanId']}-01", chat.placed, "the backend was not told its caller")
        parents = {span["spanId"]: span for span in spans.values()}
        for span in spans.values():
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]), span["name"])
            around = parents.get(span["parentSpanId"])
            if around:
                self.assertGreaterEqual(int(span["startTimeUnixNano"]), int(around["startTimeUnixNano"]), span["name"])
                self.assertLessEqual(int(span["endTimeUnixNano"]), int(around["endTimeUnixNano"]), span["name"])
            self.assertNotIn("status", span)
        for resource in self.collector.resources():
            said = {one["key"]: one["value"]["stringValue"] for one in resource["resource"]["attributes"]}
            self.assertEqual(said["service.name"], "docmind")
            self.assertTrue(said["service.version"])
        # All other requests that name a document or bring text.
        self.get(address, "/api/search?q=Zanzibarium")
        self.get(address, "/api/documents/ferries.md/text")
        self.get(address, "/nothing/Zanzibarium")
        self.stop(server)  # Which sends the rest.
        self.assertEqual(self.collector.wrong, [])
        self.assertIn("GET none", [span["name"] for span in self.collector.spans()])
        sent = " ".join(self.collector.bodies).lower()
        for word in set(re.findall(r"\w{4,}", (FERRIES + QUESTION + ANSWER).lower())) - {"ferry", "ferries"}:
            # Digits alone may be a part of a time or an id.
            self.assertNotIn(word, re.findall(r"\w+", sent) if word.isdigit() else sent)
        self.assertNotIn("ferr", sent)
        for at, body in enumerate(self.collector.bodies if DUMP else []):
            (pathlib.Path(DUMP) / f"{at}.json").write_text(body)

    def test_who_is_asked_for_none_sends_none(self):
        server, address = self.traced()
        self.ask(address, "1" * 32, "00")
        self.get(address, "/health/live")
        self.ask(address, "2" * 32)
        self.stop(server)
        self.assertEqual({span["traceId"] for span in self.collector.spans()}, {"2" * 32})

    def test_without_a_share_nothing_begins_here(self):
        server, address = self.traced("--set", "tracing.sample=0")
        self.assertEqual(self.post(address, "/api/ask", {"question": QUESTION})[0], 200)
        self.stop(server)
        self.assertEqual(self.collector.bodies, [])

    def test_without_the_setting_nothing_is_sent(self):
        self.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = self.collector.url  # Of other programs.
        server, address = self.serve()
        self.ask(address)
        self.stop(server)
        self.assertEqual(self.collector.bodies, [])

    def test_a_collector_that_is_gone_hurts_nobody(self):
        server, address = self.traced()
        self.ask(address)
        self.whole(CALLER[0])
        self.collector.close()
        for _ in range(200):
            self.ask(address)
        wait_for(lambda: self.logged("tracing_collector_away"))
        self.stop(server)
        self.assertEqual([line["level"] for line in self.logged("tracing_collector_away")], ["warn"])

    def test_another_machine_has_to_be_named(self):
        far = ("--set", "tracing.endpoint=http://192.0.2.1:4318")
        refused = self.docmind(*far, "serve", code=78)
        self.assertIn("tracing.endpoint would send times and counts to 192.0.2.1, another machine", refused.err)
        self.assertIn("tracing.endpoint is no address", self.docmind("--set", "tracing.endpoint=collector", "serve", code=78).err)
        server, address = self.serve(*far, "--set", "backends.allow_remote=192.0.2.1")
        self.ask(address)
        self.stop(server)  # Though nobody answers there.
        told = self.logged("tracing_to")[0]
        self.assertEqual((told["level"], told["host"], told["port"], told["elsewhere"]), ("warn", "192.0.2.1", 4318, True))


if __name__ == "__main__":
    unittest.main()
