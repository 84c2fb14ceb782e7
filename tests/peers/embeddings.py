#!/usr/bin/env python3
"""Our client of /v1/embeddings (src/llm/openai/http_embedder.h) on real servers: an Ollama and a llama-server with the built-in
embedding model give the vectors that our own engine gives. usage: embeddings.py; exits 1 when one of them does not.
Needs build/bench/peers_embedder (./dev test --peers builds it)."""
import json
import math
import os
import pathlib
import subprocess
import unittest

from servers import ROOT, SETUP, DocMindTest, LlamaServer, Ollama, chat_servers
from harness import BINARY

OURS = pathlib.Path(os.environ.get("DOCMIND_BUILD", ROOT / "build")) / "bench/peers_embedder"
MODEL = BINARY.parent / "share/docmind/models/all-MiniLM-L6-v2.gguf"
TEXTS = ["The mast of the Vasa is 52 metres tall.", "帆船的桅杆有多高？", "a", "def tall(mast):\n    return mast.height  # metres",
         "Ships. " * 40]
ALIKE = 0.999  # Cosine; servers compute in other orders and formats.


class Embedding(LlamaServer):
    def start(self):
        subprocess.run([SETUP, "llama-server"], check=True)
        return self.launch([chat_servers.llama_tool("llama-server"), "-m", self.model, "--alias", self.served, "--host",
                            self.host, "--port", str(self.port), "-t", "2", "--embeddings", "--pooling", "mean", "-ub", "512"])


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


class Contract:
    kind = None
    alike_elsewhere = ALIKE  # Of texts that are not ASCII.

    @classmethod
    def setUpClass(cls):
        cls.peer = cls.kind(MODEL)
        cls.addClassCleanup(cls.peer.stop)
        cls.peer.start()

    def embed(self, inputs, window=512, code=0):
        ran = subprocess.run([OURS, str(self.peer.port), self.peer.served, str(window)], capture_output=True, timeout=300,
                             input=json.dumps({"inputs": inputs}).encode())
        self.assertEqual(ran.returncode, code, ran.stderr)
        return json.loads(ran.stdout) if code == 0 else ran.stderr.decode()

    def test_vectors_are_those_of_our_own_engine(self):
        _, address = self.serve()
        status, own = self.post(address, "/v1/embeddings", {"input": TEXTS, "model": "all-MiniLM-L6-v2"})
        self.assertEqual(status, 200, own)
        theirs = self.embed([{"text": text} for text in TEXTS])
        self.assertEqual(theirs["dimensions"], 384)
        figures = []
        for ours, theirs in zip(own["data"], theirs["embeddings"]):
            self.assertAlmostEqual(math.hypot(*theirs["vector"]), 1, places=5)
            self.assertGreater(theirs["tokens"], 0)
            figures.append(cosine(ours["embedding"], theirs["vector"]))
        print(f"{type(self).__name__}: cosines {[round(one, 5) for one in figures]}", flush=True)
        for text, figure in zip(TEXTS, figures):
            self.assertGreater(figure, ALIKE if text.isascii() else self.alike_elsewhere, text)

    def test_spans_and_long_texts(self):
        text = "Ships are built of oak. Masts are of pine."
        made = self.embed([{"text": text, "spans": [[0, 23], [24, 42], [23, 24]]}, {"text": text[:23]},
                           {"text": "word " * 5000}])["embeddings"]
        self.assertGreater(cosine(made[0]["spans"][0], made[1]["vector"]), ALIKE)
        self.assertEqual(set(made[0]["spans"][2]), {0})
        self.assertAlmostEqual(math.hypot(*made[2]["vector"]), 1, places=5)
        self.assertGreater(made[2]["tokens"], 4000)  # None of it was cut off.


class ByOllama(Contract, DocMindTest):
    kind = Ollama
    alike_elsewhere = 0.95  # Its tokenizer for BERT cuts Chinese otherwise (version 0.17.4).


class ByLlamaServer(Contract, DocMindTest):
    kind = Embedding


if __name__ == "__main__":
    unittest.main(verbosity=2)
