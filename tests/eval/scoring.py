"""Scores answers to the questions of a file: is the expected phrase inside a quote, and do the quotes stand in the original?

A question's line: document, physical page, question, phrase or ABSTAIN, with tabs between. An answer is the object that
`docmind ask --json` prints. Phrases are compared by letters and digits alone; so nothing depends on how lines were cut.
"""
import pathlib
import re
import subprocess
from dataclasses import dataclass, field


def letters(text):
    return re.sub(r"[\W_]+", "", text.lower())


def squeezed(text):
    """Without white space and hyphens: what may differ between two extractions of one page."""
    return re.sub(r"[\s\-\u00ad\u2010\u2011]+", "", text)


@dataclass
class Question:
    document: str
    page: str
    text: str
    phrase: str

    @property
    def answerable(self):
        return self.phrase != "ABSTAIN"


def read_questions(path):
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [Question(*line.split("\t")) for line in lines if line.strip()]


def citations(answer):
    return [citation for claim in answer["claims"] for citation in claim["citations"]]


def is_hit(question, answer):
    return question.answerable and any(letters(question.phrase) in letters(c["quote"]) for c in citations(answer))


@dataclass
class PageTexts:
    """What poppler reads on a page of an original PDF: {document path as cited: PDF file}."""
    files: dict
    known: dict = field(default_factory=dict)

    def text(self, document, page):
        key = (document, page)
        if key not in self.known:
            ran = subprocess.run(["pdftotext", "-f", str(page), "-l", str(page), str(self.files[document]), "-"],
                                 capture_output=True, check=True)
            self.known[key] = squeezed(ran.stdout.decode("utf-8", "replace"))
        return self.known[key]

    def holds(self, citation):
        """Whether the quote stands on its cited page, in one piece or line by line (a table's cells, two columns)."""
        page = self.text(citation["document"], citation["page"])
        if squeezed(citation["quote"]) in page:
            return True
        lines = [squeezed(line) for line in citation["quote"].split("\n")]
        return len(lines) > 1 and all(line in page for line in lines)


@dataclass
class Score:
    answerable: int = 0
    hits: int = 0
    false_abstentions: list = field(default_factory=list)
    misses: list = field(default_factory=list)
    unanswerable: int = 0
    abstained: int = 0
    answered_although_absent: list = field(default_factory=list)
    quotes: int = 0
    quotes_on_page: int = 0
    off_page: list = field(default_factory=list)

    def line(self):
        pages = f", {self.quotes_on_page}/{self.quotes} quotes on their page" if self.quotes else ""
        return (f"{self.hits}/{self.answerable} hit ({len(self.false_abstentions)} abstained), "
                f"{self.abstained}/{self.unanswerable} unanswerable abstained{pages}")


def score(questions, answers, pages=None):
    """`answers` in the order of `questions`. With `pages` every quote is looked for on its page."""
    out = Score()
    for question, answer in zip(questions, answers, strict=True):
        abstained = answer["status"] == "abstained"
        if question.answerable:
            out.answerable += 1
            if is_hit(question, answer):
                out.hits += 1
            else:
                (out.false_abstentions if abstained else out.misses).append(question)
        else:
            out.unanswerable += 1
            out.abstained += abstained
            if not abstained:
                out.answered_although_absent.append(question)
        for citation in citations(answer):
            if pages is None or citation["page"] is None:
                continue
            out.quotes += 1
            if pages.holds(citation):
                out.quotes_on_page += 1
            else:
                out.off_page.append(citation)
    return out
