"""What the clients of other APIs are tried with: a server whose library says one thing."""
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from harness import DocMindTest  # noqa: E402

QUESTION = "When was the lighthouse of the harbour painted red?"


class HarbourTest(DocMindTest):
    def setUp(self):
        super().setUp()
        path = self.write("harbour.md", "# Harbour\n\nThe lighthouse of the harbour was painted red in 1911.\n")
        self.docmind("ingest", path)
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                del os.environ[name]
