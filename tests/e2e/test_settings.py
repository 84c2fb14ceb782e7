"""Settings while docmind serves: shown, changed over HTTP and by `docmind config set`, read again after SIGHUP; and every
setting that declares itself to be in force at once is, in what the product then does."""
import json
import os
import re
import signal
import threading
import time
import unittest
import urllib.request

from harness import MANUALS, DocMindTest, unpack
from scripted_chat import ScriptedChat

AURORA = "The ferry Aurora was built in 1901 by Anna Weber in Kiel."
DOCUMENTS = {
    "aurora.md": f"# Aurora\n\n{AURORA}\n\nThe ferry Aurora carries 240 passengers and 12 bicycles.\n\n"
                 "The ferry Aurora sails from Kiel to Oslo every night in summer.\n",
    "copy.md": f"# Aurora, again\n\n{AURORA}\n",
    "mathilda.md": "# Mathilda\n\nThe barge Mathilda was built in 1955 in Lübeck.\n",
    "petrel.md": "# Petrel\n\nThe tug Petrel pulls ships of 4000 tons.\n",
}
BUILT = "Who built the ferry Aurora?"


class Base(DocMindTest):
    def setUp(self):
        super().setUp()
        self.config = self.write("docmind.yaml", "# mine\nsearch:\n  k: 9  # nine\n")
        self.log = self.work / "log.jsonl"
        self.environment["DOCMIND_LOG__FILE"] = str(self.log)

    def begin(self, *args):
        for name, text in DOCUMENTS.items():
            self.write("docs/" + name, text)
        process, self.address = self.serve("--config", str(self.config), *args)
        self.docmind("ingest", self.work / "docs")
        return process

    def change(self, changes, check=False, status=200):
        data = json.dumps({"changes": changes, "check": check}).encode()
        got, body = self.request(urllib.request.Request(
            self.address + "/api/settings", data=data, method="PATCH", headers={"Content-Type": "application/json"}))
        self.assertEqual(got, status, body)
        return body

    def settings(self):
        return {one["key"]: one for one in self.get(self.address, "/api/settings")[1]["settings"]}

    def answer(self, question=BUILT):
        status, answer = self.post(self.address, "/api/ask", {"question": question})
        self.assertEqual(status, 200, answer)
        return answer

    def hits(self):
        return self.get(self.address, "/api/search?q=ferry+Aurora")[1]["hits"]

    def recorded(self):
        """What the agents of an answer went by, as its trace has it."""
        trace = self.get(self.address, "/api/traces/" + self.answer()["trace_id"])[1]
        return trace["recording"]["options"]

    def until(self, true):
        end = time.monotonic() + 60
        while not true():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)

    def upload(self, name, body):
        boundary = "x-docmind-x"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        data = head.encode() + body + f"\r\n--{boundary}--\r\n".encode()
        return self.request(urllib.request.Request(
            self.address + "/api/documents", data=data, method="POST",
            headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}))


class Settings(Base):
    def test_a_change_is_in_the_file_with_its_comments_and_in_force(self):
        process = self.begin()
        before = self.settings()["search.k"]
        self.assertEqual((before["value"], before["origin"], before["locked_by"], before["effect"], before["kind"]),
                         (9, f"{self.config}:3", None, "at_once", "int"))
        self.assertEqual((before["min"], before["max"], before["default"]), (1, 1000, 10))
        self.change({"search.k": 2}, check=True)
        self.assertEqual(self.settings()["search.k"]["value"], 9)
        self.change({"search.k": 2, "server.port": 8123, "search.rrf_k": 12})
        self.assertEqual(self.config.read_text(),
                         "# mine\nsearch:\n  k: 2  # nine\n  rrf_k: 12\nserver:\n  port: 8123\n")
        self.assertEqual(len(self.hits()), 2)
        after = self.settings()
        self.assertEqual((after["server.port"]["pending"], after["search.k"]["pending"]), (True, False))
        self.assertEqual(self.docmind("config", "set", "search.k", "3").out,
                         f"search.k is set in {self.config}\n")
        self.assertEqual(len(self.hits()), 3)
        self.assertIn("holds from the next start", self.docmind("config", "set", "chunk.tokens", "256").out)
        self.assertEqual(self.docmind("--config", self.config, "config", "get", "search.k").out, "3\n")
        self.stop(process)

    def test_drift_is_what_a_start_would_do_otherwise(self):
        self.config.write_text("search:\n  k: 9\n")
        self.assertIn("no docmind serves", self.docmind("--config", self.config, "config", "drift", code=2).err)
        process = self.begin()
        drift = lambda code: self.docmind("--config", self.config, "--json", "config", "drift", code=code).json
        self.assertEqual(drift(0)["drift"], [])
        self.assertIn("is what is written", self.docmind("--config", self.config, "config", "drift").out)
        # By hand, with one setting that needs a start and a secret that does.
        self.config.write_text("search:\n  k: 4\nchunk:\n  tokens: 256\nvllm:\n  api_key: hush-hush\n")
        self.until(lambda: self.settings()["search.k"]["value"] == 4)
        self.assertEqual(drift(1)["drift"], [
            {"key": "chunk.tokens", "in_force": 512, "in_force_origin": "default", "written": 256, "written_origin": f"{self.config}:4"},
            {"key": "vllm.api_key", "in_force": "", "in_force_origin": "default", "written": "********", "written_origin": f"{self.config}:6"}])
        said = self.docmind("--config", self.config, "config", "drift", code=1)
        self.assertIn(f"chunk.tokens: in force 512 (default), written 256 ({self.config}:4)\n", said.out)
        self.assertNotIn("hush-hush", said.out + said.err)
        # What the server would not take is no drift of a start: no start takes it either.
        self.config.write_text("search:\n  k: many\n")
        self.assertIn("search.k", self.docmind("--config", self.config, "config", "drift", code=78).err)
        self.config.write_text("search:\n  k: 9\n")
        self.until(lambda: self.settings()["search.k"]["value"] == 9)
        self.assertEqual(drift(0)["drift"], [])
        self.stop(process)

    def test_what_is_refused_names_the_key_and_changes_nothing(self):
        process = self.begin("--set", "chunk.overlap=20")
        text = self.config.read_text()
        for changes, key, words in (
                ({"search.k": 0}, "search.k", "search.k must be a whole number from 1 to 1000"),
                ({"search.k": 3, "log.level": "loud"}, "log.level", "log.level must be one of debug"),
                ({"sarch.k": 3}, "sarch.k", "is no setting"),
                ({"search.bm25": False, "search.dense": False}, "search.bm25", "are both off"),
                ({"engine.model": "no-such-model"}, "engine.model", "engine.model"),
                ({"vllm.url": "http://example.com/v1"}, "vllm.url", "allow_remote")):
            error = self.change(changes, status=400 if key != "engine.model" else 404)["error"]
            self.assertEqual(error["key"], key)
            self.assertIn(words, error["message"] + error["hint"])
        for key, value in (("server.host", "0.0.0.0"), ("server.hosts", "docs.example"), ("server.require_key", True)):
            error = self.change({key: value}, status=409)["error"]
            self.assertEqual(error["key"], key)
            self.assertIn("docmind keys add", error["hint"])
        locked = self.change({"chunk.overlap": 10}, status=409)["error"]
        self.assertEqual((locked["key"], locked["hint"]), ("chunk.overlap", "Set by flag --set. Change it there."))
        self.assertEqual(self.settings()["log.file"]["locked_by"], "Set by variable DOCMIND_LOG__FILE. Change it there.")
        for body in (b"{", b"[]", b'{"changes":{"search.k":[1]}}', b'{"changed":{}}', b'{"changes":{"search.k":null}}'):
            self.assertEqual(self.request(urllib.request.Request(self.address + "/api/settings", data=body,
                                                                 method="PATCH"))[0], 400, body)
        self.assertEqual(self.config.read_text(), text)
        self.stop(process)

    def test_secrets_are_never_shown(self):
        process = self.begin()
        self.change({"vllm.api_key": "s3cr3t", "vectors.api_key": "pa55"})
        shown = json.dumps(self.get(self.address, "/api/settings")[1])
        self.assertIn("********", shown)
        for where in (shown, self.log.read_text(), self.docmind("--config", self.config, "config", "show").out):
            self.assertNotIn("s3cr3t", where)
            self.assertNotIn("pa55", where)
        self.assertIn("s3cr3t", self.config.read_text())
        self.assertIn("masked", self.change({"vllm.api_key": "********"}, status=400)["error"]["message"])
        self.stop(process)

    def hang_up(self, process):
        lines = len(self.log.read_text().splitlines())
        process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            for line in self.log.read_text().splitlines()[lines:]:
                if "settings_" in line:
                    return json.loads(line)
            time.sleep(0.02)
        return self.fail("the signal had no effect")

    def test_a_hangup_reads_the_file_again_and_a_bad_one_changes_nothing(self):
        process = self.begin()
        self.config.write_text("search:\n  k: 2\nserver: {port: 8123}\n")
        self.assertEqual(self.hang_up(process)["event"], "settings_reloaded")
        self.assertEqual(len(self.hits()), 2)
        self.config.write_text("search:\n  k: many\n")
        said = self.hang_up(process)
        self.assertEqual(said["event"], "settings_not_reloaded")
        self.assertIn("docmind.yaml:2: search.k must be", said["message"])
        self.assertEqual(len(self.hits()), 2)
        self.assertIsNone(process.poll())
        self.stop(process)

    def test_a_file_that_is_written_is_read_again_by_itself(self):
        process = self.begin()
        for text, k, trouble in (("search: {k: 2}\n", 2, None), ("search: {k: no}\n", 2, "search.k must be"),
                                 ("search: {k: 3}\n", 3, None)):
            self.config.write_text(text)
            self.until(lambda k=k, trouble=trouble: len(self.hits()) == k and self.troubled(trouble))
        self.stop(process)

    def troubled(self, words):
        said = self.get(self.address, "/api/settings")[1]["trouble"]
        return said is None if words is None else said is not None and words in said

    def test_a_thousand_changes_while_it_answers_drop_no_request_and_all_rooms_follow(self):
        """Two settings are always changed together: what an answer went by never has one of each."""
        process = self.begin()
        changes = 1000 if os.environ.get("NIGHTLY") else 150
        ended, answers, failures = threading.Event(), [], []

        def ask():
            while not ended.is_set():
                status, answer = self.post(self.address, "/api/ask", {"question": BUILT})
                (answers if status == 200 else failures).append(answer)
        asking = [threading.Thread(target=ask) for _ in range(4)]
        self.change({"ask.max_claims": 9, "ask.max_citations": 9})
        for one in asking:
            one.start()
        for number in range(changes):
            self.change({"ask.max_claims": 1 + number % 9, "ask.max_citations": 1 + number % 9})
        ended.set()
        for one in asking:
            one.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(answers), 20)
        for one in answers[-200:]:
            options = self.get(self.address, "/api/traces/" + one["trace_id"])[1]["recording"]["options"]
            self.assertEqual(options["claims"], options["citations"])
        generation = self.get(self.address, "/api/settings")[1]["generation"]
        self.assertEqual(generation, 2 + changes)
        metrics = self.get(self.address, "/metrics")[1]
        held = re.findall(r'docmind_settings_generation\{room="(\w+)"\} (\d+)', metrics)
        self.assertEqual({room: int(value) for room, value in held},
                         dict.fromkeys(("obs", "parse", "server", "service"), generation))
        self.stop(process)


class AtOnce(Base):
    """One look for each setting that is in force at once: what it sees before and after the change."""

    def test_every_setting_that_says_so_is_in_force_at_once(self):
        chat = ScriptedChat()
        self.addCleanup(chat.close)
        for name, text in (("type", "Battery"), ("status", "Discharging")):
            self.write(f"sys/class/power_supply/BAT0/{name}", text)
        process = self.begin("--set", f"vllm.url={chat.url}", "--set", f"test.sensors={self.work / 'sys'}")
        chat.text = f"{AURORA} [1]"
        looks = {**self.looks_at_search(), **self.looks_at_answers(), **self.looks_at_a_writer(chat),
                 **self.looks_at_a_supervisor(chat), **self.looks_at_files(), **self.looks_at_the_machine()}
        self.assertEqual(sorted(looks), sorted(key for key, one in self.settings().items() if one["effect"] == "at_once"))
        for key, (beside, value, look, before, after) in looks.items():
            with self.subTest(key):
                usual = {**{name: self.settings()[name]["default"] for name in beside}, key: self.settings()[key]["default"]}
                usual["ask.generate"] = False
                self.change({"ask.generate": False, **beside})
                self.assertEqual(look(), before)
                self.change({key: value})
                self.assertEqual(look(), after)
                self.change(usual)
        self.stop(process)

    def looks_at_search(self):
        def ranks(stage):
            return lambda: any(hit["ranks"][stage] for hit in self.hits())
        return {
            "search.k": ({}, 2, lambda: len(self.hits()), 4, 2),
            "search.rrf_k": ({}, 1, lambda: self.hits()[0]["score"] > 0.5, False, True),
            "search.bm25": ({}, False, ranks("bm25"), True, False),
            "search.dense": ({}, False, ranks("dense"), True, False),
        }

    def looks_at_answers(self):
        about = "Tell me about the ferry Aurora."
        return {
            "ask.max_claims": ({}, 1, lambda: len(self.answer(about)["claims"]) > 1, True, False),
            "ask.max_citations": ({}, 1, lambda: max(len(c["citations"]) for c in self.answer()["claims"]), 2, 1),
            "ask.max_characters": ({}, 100, lambda: len(self.answer(about)["answer"]) > 100, True, False),
            "ask.threshold": ({}, 999, lambda: self.answer()["status"], "answered", "abstained"),
            "ask.without": ({}, "query_planner",
                            lambda: {a["name"]: a["status"] for a in self.answer()["agents"]}["query_planner"], "ok", "skipped"),
        }

    def looks_at_a_writer(self, chat):
        def most_tokens():
            self.answer()
            return chat.asked[-1]["max_tokens"]

        def written_together():
            chat.together, chat.pause = 0, 0.3
            self.answer("Who built the ferry Aurora and when was the barge Mathilda built?")
            chat.pause = 0.0
            return chat.together
        writes = {"ask.generate": True}
        general = "What is the capital of Mongolia?"
        return {
            "ask.generate": ({}, True, lambda: self.answer()["mode"], "extractive", "generated"),
            "ask.max_parallel_calls": (writes, 1, written_together, 2, 1),
            "ask.max_tokens": (writes, 77, most_tokens, 512, 77),
            "ask.general_knowledge": (writes, True, lambda: [c["origin"] for c in self.answer(general)["claims"]], [], ["general"]),
            "ask.planner": (writes, "model", lambda: "query_planner" in self.recorded()["by_model"], False, True),
            "ask.validator": (writes, "model", lambda: "response_validator" in self.recorded()["by_model"], False, True),
        }

    def looks_at_a_supervisor(self, chat):
        def led(pause=0.0):
            chat.calls_tools, chat.pause = True, pause
            before = len(chat.asked)
            self.answer()
            chat.calls_tools, chat.pause = False, 0.0
            return sum(1 for body in chat.asked[before:] if body.get("tools"))
        leads = {"ask.generate": True, "ask.supervisor": True}
        return {
            "ask.supervisor": ({"ask.generate": True}, True, lambda: led() > 0, False, True),
            "ask.max_steps": (leads, 4, lambda: led() > 4, True, False),
            "ask.supervisor_tokens": (leads, 300, lambda: led() > 4, True, False),
            "ask.supervisor_seconds": (leads, 1, lambda: led(0.4) > 4, True, False),
        }

    def looks_at_the_machine(self):
        def slowed():  # From the next look at the battery on.
            heeded = self.settings()["engine.slow_down_on"]["value"] != "never"
            self.until(lambda: f'docmind_machine_slowed{{reason="battery"}} {int(heeded)}\n' in self.get(self.address, "/metrics")[1])
            return heeded
        return {"engine.slow_down_on": ({}, "never", slowed, True, False)}

    def looks_at_the_log(self):
        def lines():
            def told():
                return [line["room"] for line in map(json.loads, self.log.read_text().splitlines()[before:])
                        if line.get("route") == "/api/search"]
            before = len(self.log.read_text().splitlines())
            values = {key: one["value"] for key, one in self.settings().items()}
            self.hits()
            if "debug" in values["log.level"] + values["log.rooms"]:
                self.until(told)  # A line is written when the answer is out.
            return told()
        return {
            "log.level": ({}, "debug", lines, [], ["server"]),
            "log.rooms": ({}, "server=debug", lines, [], ["server"]),
        }

    def looks_at_files(self):
        # Each of them is refused by every limit that is looked at, so that nothing is ever embedded.
        self.write("large/large.html", "<html>" + "<p><b>ferry</b> <i>and</i> barge</p>" * 600_000)
        self.write("slow/slow.html", "<html>" + "<p><b>ferry</b> <i>and</i> barge</p>" * 1_500_000)
        unpack(MANUALS["debian-faq"], self.work / "faq.pdf")

        def why(path, words):
            def look():
                got = self.post(self.address, "/api/ingest", {"paths": [str(self.work / path)]})[1]
                return words in got["failed"][0]["error"]
            return look

        small = {"parse.max_text_mb": 2, "parse.timeout": "60s"}
        short = {**small, "parse.timeout": "10s"}
        three = b"%PDF-1.7\n" + b"x" * (3 << 20)
        return {
            **self.looks_at_the_log(),
            "server.max_upload_mb": ({}, 1, lambda: self.upload("x.pdf", three)[0], 200, 413),
            "parse.max_text_mb": (small, 1, why("large", "more than 1 MiB of text"), False, True),
            "parse.timeout": (small, "1s", why("slow", "had not finished after 1 s"), False, True),
            "parse.cpu_seconds": (short, "1s", why("slow", "used 1 s of processor time"), False, True),
            "parse.memory_mb": (small, 256, why("large", "more than 2 MiB of text"), True, False),
            "parse.max_pages": ({"parse.max_pages": 2}, 1, why("faq.pdf", "the 1 allowed"), False, True),
        }


if __name__ == "__main__":
    unittest.main()
