#!/usr/bin/env python3
"""LangChain's and LlamaIndex's classes for OpenAI's API, pointed at docmind: each asks, whole and as a stream, and finds
the citations where it has a place for them."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("PEERS", pathlib.Path.home() / ".cache/docmind-peers"))
if pathlib.Path(sys.prefix) != PEERS / "frameworks":
    subprocess.run([ROOT / "bench/peers/setup.sh", "frameworks"], check=True)
    sys.exit(subprocess.run([PEERS / "frameworks/bin/python", __file__, *sys.argv[1:]]).returncode)

import importlib.metadata  # noqa: E402
import unittest  # noqa: E402

from langchain_openai import ChatOpenAI, OpenAIEmbeddings  # noqa: E402
from llama_index.core.llms import ChatMessage  # noqa: E402
from llama_index.llms.openai_like import OpenAILike  # noqa: E402

from harbour import QUESTION, HarbourTest  # noqa: E402

ANSWER = "The lighthouse of the harbour was painted red in 1911. [1]"


class FrameworksTest(HarbourTest):
    def setUp(self):
        super().setUp()
        self.base = self.serve()[1] + "/v1"

    def test_langchain_chat(self):
        model = ChatOpenAI(base_url=self.base, api_key="none", model="docmind")
        self.assertEqual(model.invoke(QUESTION).content, ANSWER)
        self.assertEqual("".join(piece.content for piece in model.stream(QUESTION)), ANSWER)

    def test_langchain_responses_with_citations(self):
        model = ChatOpenAI(base_url=self.base, api_key="none", model="docmind", use_responses_api=True)
        block, = model.invoke(QUESTION).content
        self.assertEqual((block["text"], block["annotations"][0]["filename"]), (ANSWER, "harbour.md"))
        pieces = [piece for chunk in model.stream(QUESTION) for piece in chunk.content]
        self.assertEqual("".join(piece.get("text", "") for piece in pieces), ANSWER)

    def test_langchain_embeddings(self):
        model = OpenAIEmbeddings(base_url=self.base, api_key="none", model="all-MiniLM-L6-v2", check_embedding_ctx_length=False)
        near, far, asked = model.embed_documents(["the lighthouse was painted red", "how to bake bread", "the lighthouse is red"])
        product = lambda a, b: sum(x * y for x, y in zip(a, b))
        self.assertGreater(product(near, asked), product(far, asked) + 0.3)

    def test_llama_index(self):
        model = OpenAILike(api_base=self.base, api_key="none", model="docmind", is_chat_model=True)
        reply = model.chat([ChatMessage(role="user", content=QUESTION)])
        self.assertEqual(reply.message.content, ANSWER)
        self.assertEqual(reply.raw.choices[0].message.annotations[0].url_citation.title, "harbour.md")
        self.assertEqual("".join(piece.delta for piece in model.stream_chat([ChatMessage(role="user", content=QUESTION)])), ANSWER)
        self.assertEqual(model.complete(QUESTION).text, ANSWER)


if __name__ == "__main__":
    print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("langchain-openai", "llama-index-core")))
    unittest.main()
