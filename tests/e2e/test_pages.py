"""A citation opens its page: the marks are held against the word boxes of another program, poppler's pdftotext."""
import html
import json
import re
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request
import zlib

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


def grey_rows(png):
    """Rows of brightness, 0 to 255, of a PNG of 8 bits red, green, blue (RFC 2083)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), png[:20]
    at, packed = 8, b""
    while at < len(png):
        size, kind = int.from_bytes(png[at:at + 4], "big"), png[at + 4:at + 8]
        body = png[at + 8:at + 8 + size]
        assert zlib.crc32(kind + body) == int.from_bytes(png[at + 8 + size:at + 12 + size], "big")
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8:] == b"\x08\x02\x00\x00\x00", body
        packed += body if kind == b"IDAT" else b""
        at += size + 12
    data, stride, before, rows = zlib.decompress(packed), width * 3, bytes(width * 3), []
    for y in range(height):
        kind, row = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride if kind else 0):
            left, up, corner = row[x - 3] if x > 2 else 0, before[x], before[x - 3] if x > 2 else 0
            guess = min((left, up, corner), key=lambda one: abs(left + up - corner - one))
            row[x] = (row[x] + (0, left, up, (left + up) // 2, guess)[kind]) & 255
        rows.append([sum(row[x:x + 3]) // 3 for x in range(0, stride, 3)])
        before = row
    return rows


def darkness(rows, box, scale):
    """The share of pixels with ink in a box of points."""
    left, top, right, bottom = (int(edge * scale) for edge in box)
    pixels = [pixel for row in rows[top:bottom] for pixel in row[left:right]]
    return sum(pixel < 200 for pixel in pixels) / max(1, len(pixels))


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


class Pictures(DocMindTest):
    def setUp(self):
        super().setUp()
        policy = next(path for path in manuals(self.work / "manuals") if path.stem == "policy")
        self.pdf = part_of(policy, 14, 15, self.work / "part.pdf")

    def raw(self, address, path, headers=None):
        """(status, headers, body)"""
        request = urllib.request.Request(address + path, headers=headers or {})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def only_document(self, address):
        document, = self.get(address, "/api/documents")[1]["documents"]
        return document, f"/api/documents/{document['document_id']}"

    def refused(self, answer, status, words):
        self.assertEqual(answer[0], status, answer[2])
        message = json.loads(answer[2])["error"]["message"]
        self.assertRegex(message, words)
        self.assertNotIn("\n", message)

    def test_the_picture_has_ink_where_the_words_of_a_quote_are(self):
        self.docmind("ingest", self.pdf)
        _, address = self.serve()
        document, base = self.only_document(address)
        hit = self.get(address, "/api/search?q=packages+main+DFSG&k=1")[1]["hits"][0]
        marks = self.get(address, f"{base}/marks?start={hit['start']}&end={hit['end']}")[1]
        page = marks["pages"][0]
        self.assertGreater(len(page["quads"]), 1)
        path = f"{base}/pages/{page['page']}?version={document['version']}&width=800"
        status, headers, png = self.raw(address, path)
        self.assertEqual((status, headers["Content-Type"]), (200, "image/png"))
        self.assertIn("immutable", headers["Cache-Control"])
        rows, scale = grey_rows(png), 800 / page["width"]
        self.assertEqual(len(rows[0]), 800)
        self.assertAlmostEqual(len(rows), page["height"] * scale, delta=1)
        for quad in page["quads"]:
            self.assertGreater(darkness(rows, quad, scale), 0.05, quad)
        self.assertEqual(darkness(rows, (0, 0, 30, page["height"]), scale), 0)  # The margin.
        for text, box in words_of(self.pdf, page["page"]):  # Another program's words lie on the same ink.
            if len(text) > 3:
                self.assertGreater(darkness(rows, box, scale), 0.03, text)
        self.assertEqual(self.raw(address, path, {"If-None-Match": headers["ETag"]})[0], 304)
        self.assertEqual(self.raw(address, path)[2], png)

    def test_only_the_bytes_that_were_read_are_shown(self):
        self.docmind("ingest", self.pdf)
        _, address = self.serve()
        document, base = self.only_document(address)
        good = self.pdf.read_bytes()
        self.assertEqual(self.raw(address, base + "/pages/2?width=64")[0], 200)
        self.refused(self.raw(address, base + "/pages/3"), 404, "no page 3")
        self.refused(self.raw(address, base + "/pages/1000000000"), 404, "no page 1000000000")
        self.refused(self.raw(address, base + "/pages/0"), 400, "page")
        for width in ("0", "63", "2401", "x"):
            self.refused(self.raw(address, f"{base}/pages/1?width={width}"), 400, "width")
        self.refused(self.raw(address, "/api/documents/nobody/pages/1"), 404, "not in the library")
        self.refused(self.raw(address, base + "/pages/1?version=00"), 409, "changed")
        self.pdf.write_bytes(good[:-100] + bytes(100))
        self.refused(self.raw(address, base + "/pages/1"), 409, "changed on the disk")
        self.pdf.unlink()
        self.refused(self.raw(address, base + "/pages/1"), 404, "no longer there")
        self.pdf.symlink_to("/dev/zero")
        self.assertIn(self.raw(address, base + "/pages/1")[0], (404, 409))
        self.pdf.unlink()
        self.pdf.write_bytes(good)
        self.assertEqual(self.raw(address, base + "/pages/1")[0], 200)
        self.assertEqual(self.raw(address, base + "/text?offset=0")[0], 200)

    def test_a_page_that_is_damaged_costs_its_picture_alone(self):
        objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>",
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R"
                   " /Resources << /Font << /F 5 0 R >> >> >>",
                   self.stream("BT /F 12 Tf 20 200 Td (The main mast is 24 metres tall.) Tj ET"),
                   "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]  # This is the second page, too.
        self.docmind("ingest", self.write("damaged.pdf", self.pdf_of(objects)))
        _, address = self.serve()
        document, base = self.only_document(address)
        self.assertEqual(document["pages"], 2)
        self.refused(self.raw(address, base + "/pages/2?width=300"), 500, "page 2 of the PDF is broken")
        self.assertEqual(self.raw(address, base + "/pages/1?width=300")[0], 200)

    @staticmethod
    def stream(body):
        return f"<< /Length {len(body)} >>\nstream\n{body}\nendstream"

    @staticmethod
    def pdf_of(objects):
        out, places = b"%PDF-1.7\n", []
        for number, body in enumerate(objects, 1):
            places.append(len(out))
            out += f"{number} 0 obj\n{body}\nendobj\n".encode()
        table = "".join(f"{place:010} 00000 n \n" for place in places)
        return out + (f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
                      f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n").encode()

    def test_an_upload_shows_its_pages_and_leaves_nothing_when_deleted(self):
        process, address = self.serve()
        body = (b'--XX\r\nContent-Disposition: form-data; name="file"; filename="up.pdf"\r\n\r\n' + self.pdf.read_bytes() +
                b"\r\n--XX--\r\n")
        status, summary = self.post(address, "/api/documents", body, {"Content-Type": "multipart/form-data; boundary=XX"})
        self.assertEqual((status, summary["added"]), (200, 1), summary)
        document, base = self.only_document(address)
        self.assertEqual(self.raw(address, base + "/pages/1")[0], 200)
        self.stop(process)
        _, address = self.serve()
        picture = self.raw(address, base + "/pages/1")
        self.assertEqual(picture[0], 200)
        kept, = (self.data / "originals").iterdir()
        self.assertEqual(kept.read_bytes(), self.pdf.read_bytes())
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        going = self.get(address, base + "/removal")[1]
        self.assertEqual((going["pages"], going["original_stays"], going["sessions"]), (2, False, 0))
        self.assertGreater(going["bytes"], len(self.pdf.read_bytes()))
        request = urllib.request.Request(address + base, method="DELETE")
        self.assertEqual(self.request(request)[0], 200)
        self.assertEqual(list((self.data / "originals").iterdir()), [])
        self.refused(self.raw(address, base + "/pages/1"), 404, "not in the library")


if __name__ == "__main__":
    unittest.main()
