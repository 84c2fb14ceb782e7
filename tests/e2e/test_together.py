"""Several commands on one data directory at the same time: all finish, nothing twice."""
import shutil
import signal
import unittest

from harness import MANUALS, ROOT, DocMindTest, unpack


class Together(DocMindTest):
    def documents(self):
        """One manual that takes a while, and some pages that do not. Returns how many."""
        unpack(MANUALS["debian-faq"], self.work / "debian-faq.pdf")
        pages = sorted((ROOT / "docs").glob("*.md"))
        for page in pages:
            shutil.copy(page, self.work)
        return 1 + len(pages)

    def test_two_ingests_and_questions_at_once(self):
        count = self.documents()
        ingests = [self.start("ingest", self.work, "--json") for _ in range(2)]
        asks = []
        while any(p.poll() is None for p in ingests) and len(asks) < 8:
            asks.append(self.docmind("ask", "How do I unpack a Debian source package?", "--json").json)
        for process in ingests:
            out, err = process.communicate(timeout=600)
            self.assertEqual(process.returncode, 0, err)
        self.assertTrue(asks)
        documents = self.docmind("library", "--json").json["documents"]
        self.assertEqual(len(documents), count)
        alone = self.docmind("library", "--hash", "--json").json["content_hash"]
        self.docmind("--data", self.data / "../other", "ingest", self.work)
        self.assertEqual(self.docmind("--data", self.data / "../other", "library", "--hash", "--json").json["content_hash"], alone)
        self.assertEqual(self.docmind("ask", "How do I unpack a Debian source package?", "--json").json["status"], "answered")

    def test_interrupted_ingest_leaves_whole_files(self):
        count = self.documents()
        process = self.start("ingest", self.work)
        for line in process.stderr:
            if "chunk" in line or "embed" in line:
                break
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        listed = self.docmind("library", "--json").json["documents"]
        self.assertLessEqual(len(listed), count)
        summary = self.docmind("ingest", self.work, "--json").json
        self.assertEqual(summary["documents"], count)


if __name__ == "__main__":
    unittest.main()
