"""The command line's contracts on real files: every format in, JSON out, exit codes, verify, trace, delete."""
import json
import unittest

from harness import FIXTURES, DocMindTest, unpack

MARKDOWN = """# Boats

## Hull

The hull of the Aurora is built from larch planks. It was launched in 1911 in Bergen.

## Rig

The main mast is 24 metres tall. The sails are sewn by hand in a loft near the harbour.
"""
CITATION_KEYS = ["document", "document_id", "version", "page", "page_end", "page_label", "locator", "start", "end",
                 "quote", "before", "after", "state"]
ANSWER_KEYS = ["answer", "mode", "status", "claims", "query_used", "coverage", "fallbacks", "partial_reason", "cache_age",
               "sends_text_to", "dropped", "nearest", "agents", "tokens", "context", "cache", "backend", "trace_id",
               "seconds", "analysis", "parts"]


class Contracts(DocMindTest):
    def test_ingest_ask_verify_trace_delete(self):
        path = self.write("Schiffe und 船.md", MARKDOWN)
        summary = self.docmind("ingest", self.work, "--json").json
        self.assertEqual(sorted(summary), sorted(["documents", "added", "updated", "unchanged", "failed", "missing",
                                                  "skipped", "renamed", "chunks", "embedded", "seconds"]))
        self.assertEqual((summary["documents"], summary["added"], summary["failed"]), (1, 1, []))
        self.assertGreater(summary["embedded"], 0)

        answer = self.docmind("ask", "How tall is the main mast?", "--json").json
        self.assertEqual(sorted(answer), sorted(ANSWER_KEYS))
        self.assertEqual((answer["mode"], answer["status"]), ("extractive", "answered"))
        self.assertIn("24 metres", answer["answer"])
        citation = answer["claims"][0]["citations"][0]
        self.assertEqual(sorted(citation), sorted(CITATION_KEYS))
        self.assertEqual(citation["document"], str(path))
        self.assertIsNone(citation["page"])
        self.assertEqual(len(citation["quote"].encode()), citation["end"] - citation["start"])
        self.assertEqual([a["name"] for a in answer["agents"]],
                         ["query_router", "query_planner", "retrieval_expert", "result_synthesizer", "response_validator"])

        saved = self.write("../answer.json", json.dumps(answer))
        self.docmind("verify", saved)
        answer["claims"][0]["citations"][0]["quote"] = "The main mast is 25 metres tall."
        self.docmind("verify", self.write("../forged.json", json.dumps(answer)), code=1)

        trace = self.docmind("trace", answer["trace_id"], "--json").json
        self.assertIn("main mast", json.dumps(trace))
        self.assertIn("└─ response_validator", self.docmind("trace", answer["trace_id"]).out)
        replay = self.docmind("trace", answer["trace_id"], "--replay", "--json").json
        self.assertEqual(replay, {"trace_id": answer["trace_id"], "same": True, "differences": []})
        self.docmind("trace", "01ARZ3NDEKTSV4RRFFQ69G5FAV", code=1)

        self.assertEqual(self.docmind("library", "--json").json["documents"][0]["document"], str(path))
        self.docmind("delete", path)
        self.assertIn("no trace with this id", self.docmind("trace", answer["trace_id"], "--replay", code=1).err)
        self.assertEqual(self.docmind("library", "--json").json["documents"], [])
        gone = self.docmind("ask", "How tall is the main mast?", "--json").json
        self.assertEqual((gone["status"], gone["claims"]), ("abstained", []))
        self.docmind("verify", saved, code=1)
        left = b"".join(p.read_bytes() for p in self.data.rglob("*") if p.is_file())
        self.assertNotIn(b"larch", left)

    def test_second_run_touches_nothing_and_a_change_updates(self):
        path = self.write("a.md", MARKDOWN)
        self.docmind("ingest", path)
        again = self.docmind("ingest", path, "--json").json
        self.assertEqual((again["unchanged"], again["added"], again["embedded"]), (1, 0, 0))
        path.write_text(MARKDOWN.replace("24", "31"))
        changed = self.docmind("ingest", path, "--json").json
        self.assertEqual((changed["updated"], changed["unchanged"]), (1, 0))
        self.assertIn("31 metres", self.docmind("ask", "How tall is the main mast?", "--json").json["answer"])

    def test_a_rename_costs_no_embedding(self):
        path = self.write("a.md", MARKDOWN)
        self.docmind("ingest", path)
        path.rename(self.work / "b.md")
        self.assertEqual(self.docmind("ingest", self.work, "--json").json["embedded"], 0)

    def test_every_format_is_read_and_answers_with_true_quotes(self):
        samples = [p for p in sorted(FIXTURES.iterdir())
                   if p.suffix in {".md", ".txt", ".html", ".docx", ".epub", ".pdf"} and "bad" not in p.parts]
        for sample in samples:
            (self.work / sample.name).write_bytes(sample.read_bytes())
        unpack("/usr/share/doc/debian-policy/perl-policy.txt.gz", self.work / "perl-policy.txt")
        unpack("/usr/share/doc/debian-policy/perl-policy.html/ch-module_packages.html", self.work / "perl-policy.html")
        unpack("/usr/share/doc/debian-policy/policy.epub", self.work / "policy.epub")
        summary = self.docmind("ingest", self.work, "--json").json
        self.assertEqual(summary["failed"], [])
        self.assertEqual(summary["documents"], len(samples) + 3)
        answer = self.docmind("ask", "Which directory do Perl modules of a package install into?", "--json").json
        self.assertEqual(answer["status"], "answered")
        self.docmind("verify", self.write("../answer.json", json.dumps(answer)))

    def test_search_has_ranks_and_filters(self):
        self.write("a/one.md", MARKDOWN)
        self.write("b/two.txt", "A mast is a tall pole.\n\nBergen is a city.\n")
        self.docmind("ingest", self.work)
        hits = self.docmind("search", "main mast", "-k", 5, "--json").json["hits"]
        self.assertEqual(sorted(hits[0]), sorted(["document", "document_id", "page", "start", "end", "text", "score", "ranks"]))
        self.assertEqual(sorted(hits[0]["ranks"]), ["bm25", "dense", "rerank"])
        self.assertEqual({h["document"][-6:] for h in hits}, {"one.md", "wo.txt"})
        only = self.docmind("search", "main mast", "--type", "text", "--json").json["hits"]
        self.assertEqual({h["document"][-7:] for h in only}, {"two.txt"})
        only = self.docmind("search", "main mast", "--document", self.work / "a", "--json").json["hits"]
        self.assertEqual({h["document"][-6:] for h in only}, {"one.md"})

    def test_wrong_arguments_are_told_apart(self):
        self.docmind(code=2)
        self.assertIn("ask", self.docmind("aks", "x", code=2).err)
        self.docmind("ask", code=2)
        self.docmind("search", "x", "-k", "0", code=2)
        self.docmind("ingest", "/no/such/path", code=1)
        self.docmind("delete", "/no/such/path", code=1)
        self.docmind("--set", "search.kk=3", "library", code=78)
        self.docmind("--set", "search.k=many", "library", code=78)
        for command in ["ingest", "ask", "search", "library", "delete", "trace", "verify", "config", "serve", "doctor", "kv"]:
            self.assertIn("docmind " + command, self.docmind(command, "--help").out)

    def test_json_is_one_object_and_piped_output_has_no_colours(self):
        self.write("a.md", MARKDOWN)
        for args in (["ingest", self.work], ["ask", "How tall is the mast?"], ["search", "mast"], ["library"]):
            self.assertEqual(self.docmind(*args, "--json").out.count("\n"), 1, args)
            self.assertNotIn("\x1b", self.docmind(*args).out)

    def test_empty_library_and_empty_folder(self):
        self.assertEqual(self.docmind("ingest", self.work, "--json").json["documents"], 0)
        self.assertEqual(self.docmind("ask", "anything?", "--json").json["status"], "abstained")
        self.assertEqual(self.docmind("search", "anything", "--json").json["hits"], [])

    def test_config_shows_where_a_value_came_from(self):
        config = self.write("docmind.yaml", "search:\n  k: 7\n")
        shown = self.docmind("--config", config, "config", "show", "--origin", env={"DOCMIND_ASK__MAX_CLAIMS": "3"}).out
        self.assertRegex(shown, r"search\.k\D+7\D.*docmind\.yaml:2")
        self.assertRegex(shown, r"ask\.max_claims\D+3\D.*DOCMIND_ASK__MAX_CLAIMS")
        bad = self.docmind("--config", self.write("bad.yaml", "search:\n  kk: 7\n"), "library", code=78)
        self.assertRegex(bad.err, r"bad\.yaml.*2.*search\.kk")

    def test_switches_have_an_effect(self):
        self.write("a.md", MARKDOWN)
        self.docmind("ingest", self.work)
        no_dense = self.docmind("--set", "search.dense=false", "search", "main mast", "--json").json["hits"]
        self.assertTrue(no_dense and all(h["ranks"]["dense"] is None for h in no_dense))
        no_bm25 = self.docmind("--set", "search.bm25=false", "search", "main mast", "--json").json["hits"]
        self.assertTrue(no_bm25 and all(h["ranks"]["bm25"] is None for h in no_bm25))


if __name__ == "__main__":
    unittest.main()
