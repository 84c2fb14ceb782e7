"""A citation opens its page: the marks are held against the word boxes of another program, poppler's pdftotext."""
import html
import re
import subprocess
import unittest
import urllib.parse

from harness import DocMindTest, manuals

WORD = re.compile(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>')


def part_of(pdf, first, last, target):
    """Some pages of a PDF as one of their own."""
    pattern = target.parent / f"{target.stem}-%03d.part"
    subprocess.run(["pdfseparate", "-f", str(first), "-l", str(last), str(pdf), str(pattern)], check=True,
                   stderr=subprocess.DEVNULL)
    parts = sorted(target.parent.glob(f"{target.stem}-*.part"))
    subprocess.run(["pdfunite", *parts, str(target)], check=True, stderr=subprocess.DEVNULL)  # It warns of each link.
    for part in parts:
        part.unlink()
    return target


def words_of(pdf, page):
    """[(word, (left, top, right, bottom))] as pdftotext has them, in points from the top left."""
    out = subprocess.run(["pdftotext", "-bbox", "-f", str(page), "-l", str(page), str(pdf), "-"], check=True,
                         capture_output=True).stdout.decode()
    return [(html.unescape(text), tuple(map(float, box))) for *box, text in WORD.findall(out)]


def find_words(quote, words):
    """Where the words of the quote stand in a row among the page's."""
    wanted = quote.split()
    texts = [text for text, _ in words]
    places = [i for i in range(len(texts)) if texts[i:i + len(wanted)] == wanted]
    return [words[i:i + len(wanted)] for i in places]


def inside(point, quad):
    return quad[0] <= point[0] <= quad[2] and quad[1] <= point[1] <= quad[3]


class Pages(DocMindTest):
    def setUp(self):
        super().setUp()
        policy = next(path for path in manuals(self.work / "manuals") if path.stem == "policy")
        self.pdf = part_of(policy, 14, 18, self.work / "part.pdf")

    def document(self, address, name="part.pdf"):
        listed = self.get(address, "/api/documents")[1]["documents"]
        return next(one for one in listed if one["document"].endswith(name))

    def api(self, address, document, what, **parameters):
        query = urllib.parse.urlencode(parameters)
        return self.get(address, f"/api/documents/{document['document_id']}/{what}?{query}")

    def text_of(self, address, document):
        """The stored text's bytes, read in pieces."""
        out, offset = b"", 0
        while True:
            status, view = self.api(address, document, "text", offset=offset)
            self.assertEqual(status, 200, view)
            out += "".join(run["text"] for run in view["runs"]).encode()
            offset = view["end"]
            if not view["after_cut"]:
                return out

    def sentences(self, text):
        """(start, end) of sentences of one page's words whose letters nobody sets in two ways."""
        for match in re.finditer(rb"[A-Z][a-z ,\n-]{60,400}\.", text):
            if b"\n\n" not in match.group() and b"-" not in match.group():
                yield match.span()

    def test_the_quads_of_quotes_hold_their_words_and_no_others(self):
        self.docmind("ingest", self.pdf)
        _, address = self.serve()
        document = self.document(address)
        text = self.text_of(address, document)
        self.assertEqual(document["pages"], 5)
        held = 0
        for start, end in self.sentences(text):
            status, marks = self.api(address, document, "marks", version=document["version"], start=start, end=end)
            self.assertEqual(status, 200, marks)
            self.assertTrue(marks["current"])
            self.assertEqual(marks["quote"].encode(), text[start:end])
            if len(marks["pages"]) != 1:
                continue
            page = marks["pages"][0]
            words = words_of(self.pdf, page["page"])
            found = find_words(marks["quote"], words)
            if len(found) != 1:  # Another program may cut words otherwise; the count below says that most are alike.
                continue
            held += 1
            self.check_quads(page["quads"], found[0], words)
        self.assertGreaterEqual(held, 10)

    def check_quads(self, quads, quoted, words):
        for text, (left, top, right, bottom) in quoted:
            middle = ((left + right) / 2, (top + bottom) / 2)
            over = [quad for quad in quads if inside(middle, quad)]
            self.assertEqual(len(over), 1, (text, middle, quads))
            self.assertGreaterEqual(left, over[0][0] - 1.5, text)
            self.assertLessEqual(right, over[0][2] + 1.5, text)
        for quad in quads:  # As wide as the words in it and no wider.
            boxes = [box for _, box in quoted if inside(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), quad)]
            self.assertAlmostEqual(quad[0], min(box[0] for box in boxes), delta=1.5)
            self.assertAlmostEqual(quad[2], max(box[2] for box in boxes), delta=1.5)
        others = [box for text, box in words if (text, box) not in quoted]
        for box in others:
            self.assertFalse(any(inside(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), quad) for quad in quads), box)

    def test_the_text_shows_the_same_words_marked(self):
        self.docmind("ingest", self.pdf)
        _, address = self.serve()
        document = self.document(address)
        text = self.text_of(address, document)
        start, end = next(self.sentences(text[3000:]))
        start, end = start + 3000, end + 3000
        status, view = self.api(address, document, "text", version=document["version"], start=start, end=end)
        self.assertEqual(status, 200, view)
        self.assertEqual([run["mark"] for run in view["runs"]], [False, True, False])
        self.assertEqual(view["runs"][1]["text"].encode(), text[start:end])
        self.assertEqual("".join(run["text"] for run in view["runs"]).encode(), text[view["start"]:view["end"]])
        self.assertRegex(view["where"], r"^page \d")
        self.assertTrue(view["before_cut"] and view["after_cut"])

    def test_a_changed_document_says_where_the_quote_is_now(self):
        path = self.write("a.md", "# Boats\n\nThe main mast is 24 metres tall.\n")
        self.docmind("ingest", path)
        _, address = self.serve()
        old = self.document(address, "a.md")
        quote = "The main mast is 24 metres tall."
        start = self.text_of(address, old).index(quote.encode())
        place = {"start": start, "end": start + len(quote), "quote": quote}
        path.write_text("# Boats\n\nThere are sails, too.\n\nThe main mast is 24 metres tall.\n")
        self.docmind("ingest", path)
        marks = self.api(address, old, "marks", version=old["version"], **place)[1]
        self.assertFalse(marks["current"])
        moved = marks["moved_to"]
        new = self.api(address, old, "marks", version=moved["version"], start=moved["start"], end=moved["end"])[1]
        self.assertTrue(new["current"])
        self.assertEqual(new["quote"], quote)
        self.assertEqual(self.api(address, old, "text", version=old["version"], **place)[0], 409)

    def test_places_that_are_none_are_refused_in_one_sentence(self):
        self.docmind("ingest", self.pdf)
        _, address = self.serve()
        document = self.document(address)
        nobody = {"document_id": "01J00000000000000000000000"}
        for what, of, parameters, status in [
            ("marks", nobody, {"start": 1, "end": 5}, 404), ("text", nobody, {}, 404),
            ("marks", document, {}, 400), ("marks", document, {"start": 5, "end": 5}, 400),
            ("marks", document, {"start": 0, "end": 10**15}, 400), ("marks", document, {"start": "x", "end": 5}, 400),
            ("text", document, {"offset": 10**12}, 400), ("text", document, {"start": 3}, 400),
        ]:
            answered, body = self.api(address, of, what, **parameters)
            self.assertEqual(answered, status, (what, parameters, body))
            self.assertTrue(body["error"]["message"] and "\n" not in body["error"]["message"])


if __name__ == "__main__":
    unittest.main()
