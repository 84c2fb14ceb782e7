"""The tiny chat model imported into each test's data directory; its checkpoint is written once for a class."""
import pathlib
import tempfile

import tiny_chat
from harness import DocMindTest


class TinyModelTest(DocMindTest):
    @classmethod
    def setUpClass(cls):
        cls.models = tempfile.TemporaryDirectory(prefix="docmind-e2e-models-")
        cls.addClassCleanup(cls.models.cleanup)
        cls.checkpoint = tiny_chat.write_checkpoint(pathlib.Path(cls.models.name) / "checkpoint")

    def setUp(self):
        super().setUp()
        self.docmind("models", "import", self.checkpoint, "--name", "tiny")
        self.model = self.data / "models" / "tiny.gguf"
