"""One ingest of three manuals, killed with -9 fifty times between commits, ends as if it had never been killed."""
import pathlib
import sqlite3
import unittest

from harness import DocMindTest, manuals

KILLS = 50


class Crash(DocMindTest):
    def test_fifty_kills(self):
        manuals(self.work)
        whole = pathlib.Path(self.folder.name) / "whole"
        self.docmind("--data", whole, "ingest", self.work)
        expected = self.docmind("--data", whole, "library", "--hash", "--json").json

        # Each run may commit one more time than it has to, then kills itself before anything else happens.
        for _ in range(KILLS):
            done = self.docmind("--set", "test.crash_after_commits=1", "ingest", self.work, code=None)
            self.assertEqual(done.code, -9, done)
        summary = self.docmind("ingest", self.work, "--json").json
        self.assertEqual((summary["documents"], summary["failed"]), (3, []))
        self.assertEqual(self.docmind("library", "--hash", "--json").json["content_hash"], expected["content_hash"])

        rows = sqlite3.connect(f"file:{self.data}/library.db?mode=ro", uri=True)
        writes, embeddings = rows.execute("SELECT max(writes), count(*) FROM embedding").fetchone()
        print(f"{KILLS} kills, {embeddings} embeddings, most writes of one embedding: {writes}, "
              f"embedded after the last kill: {summary['embedded']}")
        self.assertEqual(writes, 1)
        self.assertLess(summary["embedded"], embeddings)
        self.assertEqual(rows.execute("PRAGMA integrity_check").fetchone()[0], "ok")


if __name__ == "__main__":
    unittest.main()
