"""Answers that are given again: while what they rest on stands, and not a question longer."""
import sqlite3
import unittest
import urllib.parse
import urllib.request

from harness import DocMindTest

QUESTION = "What pressure does the pump run at?"
PUMP = """# The pump

The pump runs at a pressure of {bar} bar. The pressure of the pump is measured at its outlet.

The pump runs at night, too. When the pressure falls, the pump runs faster. The pump is painted blue.

Nobody stands beside the pump while it runs. The pressure is written down each hour.
"""
HOUSE = """# Zebras

{colour} zebras graze quietly near rivers.
"""


class AnswerCache(DocMindTest):
    def setUp(self):
        super().setUp()
        del self.environment["DOCMIND_CACHE__ENABLED"]  # It is on unless it is switched off.
        self.write("pump.md", PUMP.format(bar=40))
        self.write("house.md", HOUSE.format(colour="Striped"))
        self.docmind("ingest", self.work)

    def ask(self, address, question=QUESTION, **fields):
        status, answer = self.post(address, "/api/ask", {"question": question, **fields})
        self.assertEqual(status, 200, answer)
        return answer

    def cited(self, answer):
        return {c["document"] for claim in answer["claims"] for c in claim["citations"]}

    def in_the_file(self, text):
        files = [*self.data.glob("cache.db*")]
        self.assertTrue(files)
        return any(text.encode() in file.read_bytes() for file in files)

    def rows(self):
        with sqlite3.connect(f"file:{self.data}/cache.db?mode=ro", uri=True) as database:
            return database.execute("SELECT count(*) FROM entries").fetchone()[0]

    def delete(self, address, path):
        return self.request(urllib.request.Request(address + path, method="DELETE"))

    def test_as_long_as_its_evidence_stands(self):
        # In so small a library every document would be cited.
        process, address = self.serve("--set", "ask.max_claims=1")
        first = self.ask(address)
        self.assertEqual((first["cache"], first["cache_age"]), ("miss", None))
        self.assertEqual(self.cited(first), {str(self.work / "pump.md")})

        again = self.ask(address, QUESTION.upper().rstrip("?") + " ?")
        if again["cache"] == "miss":  # Words in capitals may be names: then only the layout differs.
            again = self.ask(address, "  " + QUESTION.replace(" ", "  "))
        self.assertEqual(again["cache"], "exact")
        self.assertGreaterEqual(again["cache_age"], 0)
        for field in ("answer", "claims", "status", "mode", "coverage", "query_used"):
            self.assertEqual(again[field], first[field], field)
        self.assertEqual(again["agents"], [])
        self.assertTrue(self.post(address, "/api/verify", again)[1]["holds"])
        trace = self.get(address, f"/api/traces/{again['trace_id']}")[1]
        self.assertEqual((trace["cache"]["layer"], trace["cache"]["question"], trace["cache"]["trace_id"]),
                         ("exact", QUESTION, first["trace_id"]))
        self.assertIn("answered before", self.docmind("trace", again["trace_id"]).out)
        self.assertIn("seconds ago", self.docmind("ask", QUESTION).out)

        for fields in ({"cache": "bypass"}, {"cache": "refresh"}, {"user": "anna"}, {"filter": {"types": ["markdown"]}}):
            self.assertEqual(self.ask(address, **fields)["cache"], "miss", fields)
        self.assertEqual(self.ask(address)["cache"], "exact")

        self.write("house.md", HOUSE.format(colour="Spotted"))  # Not cited.
        self.docmind("ingest", self.work)
        self.assertEqual(self.ask(address)["cache"], "exact")

        self.stop(process)
        process, address = self.serve("--set", "ask.max_claims=1")
        self.assertEqual(self.ask(address)["cache"], "exact")

        self.write("pump.md", PUMP.format(bar=41))  # Cited, one byte.
        self.docmind("ingest", self.work)
        changed = self.ask(address)
        self.assertEqual(changed["cache"], "miss")
        self.assertIn("41 bar", changed["answer"])
        self.assertEqual(self.ask(address)["cache"], "exact")

        self.docmind("delete", self.work / "pump.md")
        gone = self.ask(address)
        self.assertEqual(gone["cache"], "miss")
        self.assertNotIn("bar", gone["answer"])
        self.assertFalse(self.in_the_file("pump"))

    def test_purged(self):
        _, address = self.serve()
        self.ask(address)
        self.ask(address, user="anna")
        session = self.post(address, "/api/sessions", {})[1]["session"]
        turn = self.post(address, f"/api/sessions/{session}/ask", {"question": "Where is the pressure measured?"})[1]
        self.assertEqual(turn["answer"]["cache"], "miss")
        stats = self.docmind("cache", "stats", "--json").json
        self.assertEqual((stats["answers"], stats["misses"]), (3, 3))
        self.assertEqual(stats["max_distance"], 0.1)
        self.assertLess(stats["calibration"]["wrong_at_most"], 0.01, "of the model that comes with the program")

        self.assertEqual(self.docmind("cache", "purge", "--user", "anna", "--json").json, {"purged": 1})
        self.assertEqual(self.ask(address, user="anna")["cache"], "miss")
        self.assertEqual(self.delete(address, f"/api/sessions/{urllib.parse.quote(session)}")[0], 200)
        self.assertEqual(self.docmind("cache", "stats", "--json").json["answers"], 2)
        self.assertEqual(self.docmind("cache", "purge", "--document", self.work / "pump.md", "--json").json, {"purged": 2})
        self.assertEqual(self.ask(address)["cache"], "miss")
        self.assertEqual(self.docmind("cache", "purge", "--all", "--json").json, {"purged": 1})
        self.assertFalse(self.in_the_file("pump"))
        self.assertEqual(self.rows(), 0)
        self.assertEqual(self.ask(address)["cache"], "miss")
        self.assertEqual(self.delete(address, "/api/cache")[0], 400)
        self.docmind("cache", "purge", code=2)

    def test_other_words(self):
        _, address = self.serve()
        first = self.ask(address)
        polite = self.ask(address, "Please, what pressure does the pump run at?")
        self.assertEqual(polite["cache"], "semantic")
        self.assertEqual(polite["answer"], first["answer"])
        self.assertEqual(self.ask(address, "What pressure does the pump not run at?")["cache"], "miss")
        self.assertEqual(self.ask(address, "What pressure does the pump run at today?")["cache"], "miss")
        self.assertEqual(self.ask(address, "What pressure does the pump run at today?")["cache"], "miss")
        metrics = self.get(address, "/metrics")[1]
        self.assertIn('docmind_cache_hits_total{cache_type="semantic"} 1', metrics)
        self.assertIn('docmind_cache_not_given_total{reason="time_bound"} 2', metrics)

    def test_switched_off(self):
        self.environment["DOCMIND_CACHE__ENABLED"] = "false"
        _, address = self.serve()
        self.ask(address)
        self.assertEqual(self.ask(address)["cache"], "miss")
        self.assertEqual([*self.data.glob("cache.db*")], [])
        self.assertEqual(self.docmind("cache", "stats", "--json", code=1).json["error"]["code"], "not_found")


if __name__ == "__main__":
    unittest.main()
