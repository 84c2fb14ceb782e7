"""A chat model behind docmind serve: the raw OpenAI routes, streams, cancels, aborts and hostile requests."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import threading
import time
import urllib.parse

import tiny_chat
from harness import BINARY
from test_engine import engines_of, wait_for
from tiny_model import TinyModelTest

MESSAGES = [{"role": "system", "content": "You answer briefly."}, {"role": "user", "content": "How tall is the mast?"}]
NESTED = {"type": "object", "properties": {"n": {"type": "integer"}, "words": {
    "type": "array", "items": {"enum": ["red", "green"]}, "minItems": 1, "maxItems": 2}},
          "required": ["n", "words"], "additionalProperties": False}


def processor_seconds(process):
    stat = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def rests(process):
    before = processor_seconds(process)
    time.sleep(0.2)
    return processor_seconds(process) == before


class Chat(TinyModelTest):
    def setUp(self):
        super().setUp()
        self.process = None

    def up(self, *args):
        self.process, self.address = self.serve("--model", self.model, *args)
        wait_for(lambda: self.get(self.address, "/health/ready")[0] == 200)

    def engine(self):
        """The process of the chat model's engine."""
        found = [pid for pid in engines_of(self.process.pid, computed=-1)
                 if os.fsencode(self.model) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
        self.assertEqual(len(found), 1)
        return found[0]

    def chat(self, path="/v1/chat/completions", **more):
        body = {"messages": MESSAGES, "max_tokens": 24, "temperature": 0, "ignore_eos": True, **more}
        return self.post(self.address, path, {key: value for key, value in body.items() if value is not None})

    def stream(self, **more):
        """An open response and its connection."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=60)
        self.addCleanup(connection.close)
        body = {"messages": MESSAGES, "max_tokens": 24, "temperature": 0, "ignore_eos": True, "stream": True, **more}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/event-stream"))
        return connection, response

    def test_a_question_goes_to_the_model_and_nonsense_gives_way_to_the_documents(self):
        self.environment["DOCMIND_ASK__MAX_TOKENS"] = "16"  # On a busy machine each one takes its time.
        self.up()
        self.write("rig.md", "# Rig\n\nThe main mast is 24 metres tall. The sails are sewn by hand in a loft.\n")
        self.docmind("ingest", self.work)
        status, answer = self.post(self.address, "/api/ask", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"], answer["mode"]), (200, "answered", "extractive"))
        self.assertIn("24 metres", answer["answer"])
        self.assertEqual(answer["backend"], "tiny")
        self.assertIn("not borne out", answer["fallbacks"][-1])
        self.assertGreater(answer["tokens"]["prompt"], 100)
        self.assertGreater(answer["tokens"]["completion"], 0)
        self.assertFalse(answer["context"]["trimmed"])
        self.assertLessEqual(answer["context"]["final_tokens"], answer["context"]["limit"])
        again = self.post(self.address, "/api/ask", {"question": "How tall is the main mast?"})[1]
        self.assertLess(again["tokens"]["computed"], again["tokens"]["prompt"])  # Its beginning was kept.
        # The engine is killed while it writes: the answer comes all the same.
        os.kill(self.engine(), signal.SIGKILL)
        status, answer = self.post(self.address, "/api/ask", {"question": "Where are the sails sewn?"})
        self.assertEqual(status, 200)
        self.assertIn("loft", answer["answer"])

    def test_a_model_that_plans_is_held_to_its_schema_and_the_rules_stand_behind_it(self):
        self.environment.update({"DOCMIND_ASK__MAX_TOKENS": "16", "DOCMIND_ASK__PLANNER": "model",
                                 "DOCMIND_ASK__VALIDATOR": "model"})
        self.up()
        self.write("rig.md", "# Rig\n\nThe main mast is 24 metres tall. The sails are sewn by hand in a loft.\n")
        self.docmind("ingest", self.work)
        status, answer = self.post(self.address, "/api/ask", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"]), (200, "answered"))
        self.assertIn("24 metres", answer["answer"])
        self.assertIn("The question was planned by rules: ", "".join(answer["fallbacks"]))
        trace = self.get(self.address, f"/api/traces/{answer['trace_id']}")[1]
        self.assertTrue(trace["model_calls"][0]["content"].startswith('{"parts": ["'))
        self.assertIn(trace["decisions"]["query_planner"]["fallback"], answer["fallbacks"])
        self.assertIn("the same", self.docmind("trace", answer["trace_id"], "--replay").out)

    def test_a_supervisor_that_talks_nonsense_gives_way_to_the_plain_path(self):
        checkpoint = tiny_chat.write_checkpoint(pathlib.Path(self.models.name) / "tools", template=tiny_chat.TOOLS)
        self.docmind("models", "import", checkpoint, "--name", "tools")
        self.model = self.data / "models" / "tools.gguf"
        self.environment.update({"DOCMIND_ASK__MAX_TOKENS": "16", "DOCMIND_ASK__SUPERVISOR": "true"})
        self.up()
        self.write("rig.md", "# Rig\n\nThe main mast is 24 metres tall. The sails are sewn by hand in a loft.\n")
        self.docmind("ingest", self.work)
        status, answer = self.post(self.address, "/api/ask", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"], answer["mode"]), (200, "partial", "extractive"))
        self.assertIn("24 metres", answer["answer"])
        self.assertTrue(any(said.startswith("supervisor: ") for said in answer["fallbacks"]), answer["fallbacks"])
        self.assertIn("supervisor: ", answer["partial_reason"])
        self.assertIn("supervised: failed", self.docmind("trace", answer["trace_id"]).out)
        self.assertIn("the same, byte for byte", self.docmind("trace", answer["trace_id"], "--replay").out)

    def test_a_document_is_read_by_the_model_before_anybody_asks(self):
        self.environment.update({"DOCMIND_ASK__MAX_TOKENS": "16", "DOCMIND_ENGINE__PREPARE_DOCUMENTS": "true"})
        self.up()
        text = "".join(f"In the year {year} the harbour had {year % 37} ships.\n\n" for year in range(1900, 1960))
        path = self.write("harbour.md", "# Harbour\n\nThe lighthouse of the harbour was painted red in 1911.\n\n" + text)
        self.docmind("ingest", path)
        read = 'docmind_engine_tokens_total{source="computed"} '
        prepared = lambda: [float(line[len(read):]) for line in self.get(self.address, "/metrics")[1].splitlines()
                            if line.startswith(read)]
        wait_for(lambda: max(prepared(), default=0) > len(text))
        status, answer = self.post(self.address, "/api/ask", {
            "question": "When was the lighthouse of the harbour painted red?", "filter": {"documents": [str(path)]}})
        self.assertEqual(status, 200)
        self.assertGreater(answer["tokens"]["prompt"], len(text))
        self.assertLess(answer["tokens"]["computed"], answer["tokens"]["prompt"] - len(text))

    def test_openai_routes_whole_and_streamed(self):
        self.up()
        listed = {entry["id"]: entry for entry in self.get(self.address, "/v1/models")[1]["data"]}
        self.assertEqual(set(listed), {"tiny", "all-MiniLM-L6-v2", "docmind"})
        self.assertIn("json_schema", listed["tiny"]["capabilities"])

        status, whole = self.chat(model="tiny")
        self.assertEqual(status, 200, whole)
        self.assertEqual((whole["object"], whole["choices"][0]["finish_reason"]), ("chat.completion", "length"))
        self.assertEqual((whole["usage"]["completion_tokens"], whole["timings"]["predicted_n"]), (24, 24))
        text = whole["choices"][0]["message"]["content"]
        again = self.chat()[1]
        self.assertEqual(again["choices"][0]["message"]["content"], text, "greedy, and from kept cells")
        self.assertGreater(again["timings"]["cache_n"], 0)

        _, response = self.stream(stream_options={"include_usage": True})
        events = [line[6:] for line in response.read().decode().splitlines() if line.startswith("data: ")]
        self.assertEqual(events[-1], "[DONE]")
        chunks = [json.loads(event) for event in events[:-1]]
        pieces = [c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]]
        self.assertEqual("".join(pieces), text)
        self.assertGreater(len([piece for piece in pieces if piece]), 1)
        self.assertEqual(chunks[-1]["usage"]["completion_tokens"], 24)

        status, completion = self.chat("/v1/completions", messages=None, prompt="The mast", n=2, temperature=1, seed=5)
        self.assertEqual((status, len(completion["choices"])), (200, 2), completion)
        status, vectors = self.post(self.address, "/v1/embeddings", {"input": ["mast"], "model": "all-MiniLM-L6-v2"})
        self.assertEqual((status, len(vectors["data"][0]["embedding"])), (200, 384))
        self.stop(self.process)

    def test_answers_hold_to_their_schema(self):
        self.up()
        held = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": NESTED}}
        for seed in range(5):
            status, reply = self.chat(response_format=held, max_tokens=200, temperature=1, seed=seed, ignore_eos=False)
            self.assertEqual(status, 200, reply)
            if reply["choices"][0]["finish_reason"] == "length":
                self.assertIn("parse_error", reply["choices"][0])
                continue
            made = json.loads(reply["choices"][0]["message"]["content"])
            self.assertEqual(sorted(made), ["n", "words"])
            self.assertIsInstance(made["n"], int)
            self.assertLessEqual(set(made["words"]), {"red", "green"})

    def test_a_client_that_leaves_frees_the_model(self):
        self.up()
        connection, response = self.stream(max_tokens=12000)
        response.read(100)
        engine = self.engine()
        connection.close()
        response.close()
        wait_for(lambda: rests(engine))
        self.assertEqual((self.chat()[0], self.engine()), (200, engine))
        metrics = self.get(self.address, "/metrics")[1]
        for line in ('docmind_engine_texts{state="running"} 0', 'docmind_engine_cells{state="reserved"} 0',
                     'docmind_engine_tokens_total{source="generated"} '):
            self.assertIn(line, metrics)
        for name in ("docmind_engine_prefill_seconds_total", "docmind_engine_decode_seconds_total"):
            self.assertRegex(metrics, rf"\n{name} 0*\.?0*[1-9]")

    def test_an_abort_in_the_engine_costs_one_request(self):
        document = self.write("a.txt", "The main mast is 24 metres tall.")
        self.up()
        self.docmind("ingest", document)
        _, response = self.stream(max_tokens=12000)
        response.read(100)
        engine = self.engine()
        began = time.monotonic()
        os.kill(engine, signal.SIGABRT)  # What ggml does when it finds a mistake in itself.
        status, reply = self.chat()
        seconds = time.monotonic() - began
        self.assertEqual(status, 200, reply)
        print(f"an aborted engine answers again after {seconds:.2f} s")
        self.assertLess(seconds, 10)
        self.assertNotEqual(self.engine(), engine)
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            while response.read(4096):
                pass
            raise ConnectionError("the stream has an end without [DONE]")
        status, answer = self.post(self.address, "/api/ask", {"question": "How tall is the main mast?"})
        self.assertEqual((status, answer["status"]), (200, "answered"))
        self.assertEqual(self.get(self.address, "/health")[1]["status"], "healthy")

    def test_kept_beginnings_survive_a_restart(self):
        long = [{"role": "system", "content": "The mast is of oak. " * 60}, MESSAGES[1]]
        self.up()
        first = self.chat(messages=long)[1]
        self.assertEqual(first["timings"]["cache_n"], 0)
        self.stop(self.process)
        self.up()
        second = self.chat(messages=long)[1]
        self.assertGreater(second["timings"]["restored"], 256)
        self.assertEqual(second["choices"][0]["message"], first["choices"][0]["message"])
        self.stop(self.process)
        for file in self.data.rglob("*.kv"):
            with open(file, "r+b") as opened:
                opened.seek(-7, os.SEEK_END)
                opened.write(b"\x55")
        self.up()
        third = self.chat(messages=long)[1]
        self.assertEqual((third["timings"]["restored"], third["choices"][0]["message"]),
                         (0, first["choices"][0]["message"]), "damaged cells are computed again")

    def test_hostile_requests_get_a_clear_4xx(self):
        self.up()
        engine = self.engine()
        deep = {"type": "object"}
        for _ in range(300):
            deep = {"type": "array", "items": deep}
        bomb = {"$defs": {f"d{i}": {"type": "array", "items": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 8}}
                          for i in range(30)}, "$ref": "#/$defs/d0"}
        bomb["$defs"]["d30"] = {"type": "string", "pattern": "(a{1,900}){1,900}"}

        def schema(value):
            return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": value}}}

        for more in ({"messages": [{"role": "user", "content": "mast " * 200_000}]}, {"messages": []},
                     {"messages": [{"role": "captain", "content": "x"}]}, {"messages": "x"}, {"max_tokens": 10**9},
                     {"temperature": "hot"}, {"n": 10**6}, {"stop": ["x"] * 99}, {"model": "nothing"}, schema(deep),
                     schema(bomb), schema({"type": "object", "not": {}}), {"logit_bias": {"x": 1}},
                     {"tools": [{"type": "function"}]}):
            status, reply = self.chat(**more)
            self.assertIn(status, (400, 404, 413), (str(more)[:200], reply))
            self.assertLessEqual({"code", "hint", "message"}, set(reply["error"]), reply)
            self.assertGreater(len(reply["error"]["hint"]), 10, reply)
        for body in (b'{"messages": [{"role": "user", "content": "\xff\xfe"}]}', b"{", b"[" * 100_000, b"\x00" * 1000):
            status, reply = self.post(self.address, "/v1/chat/completions", body)
            self.assertIn(status, (400, 413), body[:40])
        self.assertEqual((self.chat()[0], self.engine()), (200, engine), "the same process still answers")

    def test_a_file_may_be_named_from_where_one_stands(self):
        """Its engine works in another folder."""
        self.process, self.address = self.serve("--model", os.path.relpath(self.model))
        self.assertEqual(self.chat()[0], 200)

    def test_broken_model_files_are_named(self):
        good = self.model.read_bytes()
        broken = {"empty": b"", "text": b"not a model", "truncated": good[:len(good) // 2], "head": good[:100],
                  "counts": good[:8] + b"\xff" * 16 + good[24:], "version": good[:4] + b"\x09" + good[5:]}
        for name, content in broken.items():
            file = self.write(f"{name}.gguf", content)
            process = self.start("serve", "--port", "0", "--model", file)
            lines = process.stdout.readline()
            if lines:  # It serves what it can and says what it cannot.
                said = process.stderr.readline()
                while said and "cannot be used" not in said:
                    said = process.stderr.readline()
                self.assertIn(f"{name}.gguf cannot be used: ", said)
                address = lines.split()[-1]
                status, reply = self.post(address, "/v1/chat/completions", {"messages": MESSAGES, "model": name})
                self.assertIn(status, (400, 404, 500, 503), reply)
                self.assertGreater(len(reply["error"]["hint"]), 10, reply)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(60), 0)
            else:
                self.assertEqual(process.wait(60), 1)
                self.assertIn("gguf", process.stderr.read().lower())


if __name__ == "__main__":
    import unittest
    unittest.main()
