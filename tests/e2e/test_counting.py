"""Counting, listing and summing over tables and lists: right figures, stated coverage, and true quotes."""
import collections
import io
import json
import re
import shutil
import unittest
import zipfile
from xml.sax.saxutils import escape

from harness import ROOT, DocMindTest

SETS = ROOT / "tests" / "data" / "sets"
Question = collections.namedtuple("Question", "kind text starts names coverage")

CHOIR = [("Name", "Voice", "Robe"), ("Ingrid", "alto", "yes"), ("Solveig", "alto", "yes"), ("Ola", "bass", "no"),
         ("Marit", "alto", "no"), ("Kari", "soprano", "yes"), ("Anne", "soprano", "yes"), ("Nils", "tenor", "no"),
         ("Per", "bass", "yes")]


def docx(heading, rows):
    """A Word file with one heading and one table whose first row is marked as its header."""
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

    def paragraph(text, style=""):
        return f"<w:p>{style}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"

    def row(cells, header):
        mark = "<w:trPr><w:tblHeader/></w:trPr>" if header else ""
        return f"<w:tr>{mark}" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in cells) + "</w:tr>"

    table = "".join(row(cells, i == 0) for i, cells in enumerate(rows))
    style = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
    body = f'{paragraph(heading, style)}<w:tbl>{table}</w:tbl>{paragraph("The choir sings on Sundays.")}'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/styles.xml", f'<w:styles xmlns:w="{word}"><w:style w:type="paragraph" '
                         'w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>')
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>')
    return out.getvalue()


def read_questions():
    lines = (ROOT / "tests" / "data" / "sets_questions.tsv").read_text(encoding="utf-8").splitlines()
    return [Question(*line.split("\t")) for line in lines if line]


def rows_of_table(path, first_column):
    """How many rows a table of one of our own pages has, counted without the product."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    return sum(1 for _ in iter(lambda it=iter(lines[start + 2:]): next(it, "").startswith("|"), False))


class Counting(DocMindTest):
    def setUp(self):
        super().setUp()
        for folder in ["sets", "sets_fresh"]:
            shutil.copytree(SETS.parent / folder, self.work / folder)
        self.write("sets/choir.docx", docx("Singers of the choir", CHOIR))
        for page in ["docs/cli.md", "docs/formats/models.md", "docs/glossary.md", "docs/extractive-answers.md"]:
            self.write("own/" + page, (ROOT / page).read_bytes())
        self.docmind("ingest", self.work)

    def ask(self, text):
        status, answer = self.post(self.address, "/api/ask", {"question": text})
        self.assertEqual(status, 200, answer)
        return answer

    def documents(self):
        return self.docmind("library", "--json").json["documents"]

    def wrong(self, question, answer):
        """Why the answer is not what was expected; empty when it is."""
        starts, coverage = question.starts, question.coverage
        if starts.startswith("@rows:"):
            _, path, column = starts.split(":")
            rows = rows_of_table(path, column)
            starts, coverage = f"{rows} rows", f"{rows}/{rows} row"
        if coverage == "all document":
            coverage = f"{self.count}/{self.count} document"
        got = answer["coverage"]
        stated = f"{got['read']}/{got['total']} {got['unit']}"
        if answer["status"] != "answered":
            return f"{answer['status']}"
        if not re.match(re.escape(starts) + r"(?![\d.]\d)\b|" + re.escape(starts) + r"\W", answer["answer"]):
            return f"says {answer['answer']!r}"
        if stated != coverage:
            return f"covers {stated}: {answer['answer']!r}"
        missing = [name for name in question.names.split("; ") if name != "-" and name not in answer["answer"]]
        return f"leaves out {missing}: {answer['answer']!r}" if missing else ""

    def check_citations(self, answer):
        self.assertTrue(self.post(self.address, "/api/verify", answer)[1]["holds"], answer)
        for claim in answer["claims"]:
            self.assertTrue(claim["citations"])
            self.assertLessEqual(len(claim["citations"]), 50)
            for citation in claim["citations"]:
                self.assertEqual(len(citation["quote"].encode()), citation["end"] - citation["start"])

    def score(self, kind):
        """Asks the questions of one kind: how many, and what is wrong with those that are."""
        _, self.address = self.serve()
        self.count = len(self.documents())
        questions = [question for question in read_questions() if question.kind == kind]
        wrong = []
        for question in questions:
            answer = self.ask(question.text)
            if kind == "near":
                why = "" if answer["coverage"]["unit"] == "passage" else f"says {answer['answer']!r}"
            else:
                why = self.wrong(question, answer)
            if answer["claims"]:
                self.check_citations(answer)
            if why:
                wrong.append(f"{question.text} -> {why}")
        print(f"{kind}: {len(questions) - len(wrong)} of {len(questions)} right")
        return len(questions), wrong

    def test_development_questions(self):
        total, wrong = self.score("dev")
        self.assertEqual(total, 40)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_near_misses_are_not_counted(self):
        self.assertEqual(self.score("near")[1], [])

    def test_fresh_questions(self):
        total, wrong = self.score("fresh")
        self.assertEqual(total, 20)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))  # 16 of 20 when they were first scored.

    def test_without_the_router_nothing_is_counted(self):
        _, address = self.serve("--set", "ask.without=query_router")
        _, answer = self.post(address, "/api/ask", {"question": "How many ships are in service?"})
        self.assertEqual(answer["coverage"]["unit"], "passage")
        self.assertNotIn("12 rows", answer["answer"])


if __name__ == "__main__":
    unittest.main()
