"""The development questions through the real server: hits, abstentions, and quotes that are true to the last byte."""
import json
import sys
import unittest

from harness import ROOT, DocMindTest, manuals

sys.path.insert(0, str(ROOT / "tests" / "eval"))
from scoring import PageTexts, citations, read_questions, score  # noqa: E402

QUESTIONS = read_questions(ROOT / "tests" / "data" / "debian_questions.tsv")


class Questions(DocMindTest):
    def setUp(self):
        super().setUp()
        self.files = manuals(self.work / "manuals")
        self.docmind("ingest", self.work / "manuals", "--json")
        self.server, self.address = self.serve()

    def ask(self, text, **fields):
        status, answer = self.post(self.address, "/api/ask", {"question": text, **fields})
        self.assertEqual(status, 200, answer)
        return answer

    def test_development_questions(self):
        answers = [self.ask(question.text) for question in QUESTIONS]
        result = score(QUESTIONS, answers, PageTexts({str(path): path for path in self.files}))
        print(result.line(), file=sys.stderr)
        self.assertGreaterEqual(result.hits, 50, result.misses + result.false_abstentions)
        self.assertGreaterEqual(result.abstained, 17, result.answered_although_absent)
        self.assertGreater(result.quotes, 0)
        self.assertGreaterEqual(result.quotes_on_page / result.quotes, 0.97, result.off_page)
        for answer in answers:
            self.assertLessEqual(len(answer["claims"]), 5)
            self.assertLessEqual(max([len(claim["citations"]) for claim in answer["claims"]], default=0), 2)
            self.assertLessEqual(sum(len(claim["text"]) for claim in answer["claims"]), 900)
            self.assertEqual(answer["mode"], "extractive")
        self.verify_all(answers)

    def verify_all(self, answers):
        """Every quote equals the stored bytes at its span: said by the product and replayed by it."""
        for number, answer in enumerate(answers):
            if answer["status"] == "abstained":
                self.assertEqual(answer["claims"], [])
                self.assertTrue(answer["nearest"])
                continue
            for citation in citations(answer):
                self.assertEqual(len(citation["quote"].encode()), citation["end"] - citation["start"])
            path = self.write(f"answer-{number}.json", json.dumps(answer))
            self.docmind("verify", path, "--json")


if __name__ == "__main__":
    unittest.main()
