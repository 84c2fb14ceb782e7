"""docmind bench: each part measured in a folder of its own, kept as a line, held against the runs before it."""
import json
import pathlib
import signal
import unittest

import tiny_chat
from harness import DocMindTest
from test_validate import tree

WITHOUT_MODEL = ["context.trim", "search.time", "embed.texts", "cache.exact", "cache.reworded", "agents.answer", "db.commit", "db.read"]


class BenchCommand(DocMindTest):
    def setUp(self):
        super().setUp()
        self.scratch = pathlib.Path(self.folder.name) / "scratch"
        self.scratch.mkdir()
        self.environment |= {"TMPDIR": str(self.scratch), "DOCMIND_CACHE__ENABLED": "true"}
        self.history = self.data / "bench.jsonl"

    def bench(self, *args, code=0):
        """The figures by id."""
        done = self.docmind("bench", "--json", "--rounds", "2", *args, code=code)
        self.assertEqual(list(self.scratch.iterdir()), [])
        self.assertEqual(done.json["worse"], code == 4)
        return {figure["id"]: figure for figure in done.json["figures"]}

    def runs(self):
        return [json.loads(line) for line in self.history.read_text().splitlines()]

    def test_every_part_is_measured_kept_and_compared(self):
        first = self.bench()
        self.assertEqual([name for name, one in first.items() if one["status"] == "first"], WITHOUT_MODEL)
        for one in first.values():
            if one["status"] != "first":
                self.assertEqual(one["status"], "not_on_this_machine", one)
                self.assertIn(".model", one["why"])
                continue
            self.assertGreater(one["median"], 0, one)
            self.assertLessEqual(one["low"], one["median"])
            self.assertLessEqual(one["median"], one["high"])
        self.assertEqual({path.name for path in self.data.glob("*.jsonl")}, {"bench.jsonl"})
        self.assertEqual(set(self.runs()[0]["figures"]), set(WITHOUT_MODEL))
        # So wide a tolerance holds on a machine that does something else meanwhile, too.
        again = self.bench("db", "--tolerance", "1000")
        self.assertEqual(set(again), {"db.commit", "db.read"})
        self.assertEqual([(one["status"], one["runs"], one["before"]) for one in again.values()],
                         [("same", 1, first[name]["median"]) for name in ("db.commit", "db.read")])
        self.assertEqual(len(self.runs()), 2)

    def test_a_figure_that_is_worse_than_before_ends_with_4(self):
        self.bench("db")
        quick = self.runs()[0]
        for name, better in (("db.commit", "less"), ("db.read", "less")):
            quick["figures"][name] = {what: value / 1000 for what, value in quick["figures"][name].items()}
        self.history.write_text(json.dumps(quick) + "\n")
        found = self.bench("db", code=4)
        self.assertEqual([one["status"] for one in found.values()], ["worse", "worse"])
        self.assertIn("WORSE", self.docmind("bench", "db", "--rounds", "2", "--no-keep", code=4).out)
        # Another machine's figures say nothing of this one's.
        self.history.write_text(json.dumps(quick | {"machine": "another"}) + "\n")
        self.assertEqual([one["status"] for one in self.bench("db").values()], ["first", "first"])

    def test_nothing_is_kept_that_is_not_to_be_and_what_is_broken_is_passed_by(self):
        self.history.parent.mkdir(parents=True, exist_ok=True)
        self.history.write_text("not a run\n")
        self.history.chmod(0o600)
        before = tree(self.data)
        done = self.docmind("bench", "db", "--rounds", "1", "--no-keep")
        self.assertIn("1 line of", done.err)
        self.assertEqual({name for name, what in tree(self.data).items() if before.get(name) != what and name.endswith("jsonl")}, set())
        elsewhere = self.work / "läufe.jsonl"
        self.docmind("bench", "db", "--rounds", "1", "--history", elsewhere)
        self.assertEqual(len(elsewhere.read_text().splitlines()), 1)
        self.assertEqual(self.history.read_text(), "not a run\n")

    def test_the_chat_models_parts(self):
        checkpoint = tiny_chat.write_checkpoint(self.work / "checkpoint")
        self.docmind("models", "import", checkpoint, "--name", "tiny", "--no-loss")
        found = self.bench("decode", "prefill", "context", "--set", "engine.model=tiny", "--patience", "1")
        for name in ("decode.speed", "prefill.speed", "context.trim"):
            self.assertEqual(found[name]["status"], "first", found[name])
            self.assertGreater(found[name]["median"], 0)
        self.assertEqual(found["context.decode_120k"]["status"], "not_on_this_machine")
        self.assertRegex(found["context.decode_120k"]["why"], "--patience|the model can take")

    def test_a_stop_leaves_nothing(self):
        running = self.start("bench", "--rounds", "100", "db", "search")
        while not any(self.scratch.rglob("library.db")):  # It is being measured.
            self.assertIsNone(running.poll())
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(timeout=60), 130)
        self.assertEqual(list(self.scratch.iterdir()), [])
        self.assertFalse(self.history.exists())

    def test_wrong_arguments(self):
        for wrong in (["disk"], ["--rounds", "0"], ["--tolerance", "x"]):
            self.docmind("bench", *wrong, code=2)
        self.assertFalse(self.history.exists())
        folder = self.work / "folder"
        folder.mkdir()
        self.assertIn("folder", self.docmind("bench", "db", "--history", folder, code=1).err)

    def test_a_file_that_is_no_history_stays_as_it_is(self):
        note = self.work / "note.txt"
        note.write_text("Milk\n")
        for history, why in ((note, "holds something, but no run of bench"), (self.work / "nowhere" / "h.jsonl", "no such file or folder")):
            refused = self.docmind("bench", "db", "--history", history, code=1)
            self.assertIn(why, refused.err)
            self.assertEqual(refused.out, "")  # Before anything was measured.
        self.assertEqual(note.read_text(), "Milk\n")


if __name__ == "__main__":
    unittest.main()
