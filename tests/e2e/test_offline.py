"""Ingest and ask in a network namespace without any route: nothing needs, and nothing tries, the network."""
import subprocess
import sys
import unittest

from harness import DocMindTest
from test_contracts import MARKDOWN


class Offline(DocMindTest):
    def test_answers_without_a_network(self):
        alone = ["unshare", "--net"]
        if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            alone = ["unshare", "--net", "--map-root-user"]
        if subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
            print("skipped: this machine lets nobody make a network namespace", file=sys.stderr)
            sys.exit(77)
        self.write("a.md", MARKDOWN)
        self.docmind("ingest", self.work, prefix=alone)
        answer = self.docmind("ask", "How tall is the main mast?", "--json", prefix=alone).json
        self.assertIn("24 metres", answer["answer"])
        self.assertEqual(answer["sends_text_to"], [])


if __name__ == "__main__":
    unittest.main()
