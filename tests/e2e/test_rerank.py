"""Reranking: a BGE-like checkpoint imported, served by the engine and at /v1/rerank."""
import http.client
import json
import shutil
import socket
import subprocess
import threading
import unittest

from harness import BINARY, ROOT, DocMindTest

CHECKPOINT = ROOT / "src/engine/testing/tiny_xlmr"
GOLDEN = json.loads((CHECKPOINT / "rerank.json").read_text())


class SocketConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Rerank(DocMindTest):
    def setUp(self):
        super().setUp()
        folder = self.work / "bge"
        shutil.copytree(CHECKPOINT, folder)
        config = json.loads((folder / "config.json").read_text())
        config["architectures"] = ["XLMRobertaForSequenceClassification"]
        (folder / "config.json").write_text(json.dumps(config))
        self.docmind("models", "import", folder, "--name", "bge", "--type", "f32")

    def expect_golden(self, ask):
        for case in GOLDEN:
            status, body = ask({"query": case["query"], "documents": case["documents"], "raw_scores": True})
            self.assertEqual(status, 200, body)
            scores = {r["index"]: r["relevance_score"] for r in body["results"]}
            for i, expected in enumerate(case["scores"]):
                self.assertAlmostEqual(scores[i], expected, delta=5e-4)
            self.assertEqual([r["relevance_score"] for r in body["results"]], sorted(scores.values(), reverse=True))
            self.assertEqual(body["usage"]["total_tokens"], case["tokens"])

    def test_at_the_server(self):
        self.assertEqual([m["purpose"] for m in self.docmind("models", "list", "--json").json["models"]], ["reranking"])
        process, address = self.serve("--set", "reranker.model=bge")

        def ask(body):
            return self.post(address, "/v1/rerank", body)
        self.expect_golden(ask)
        status, models = self.get(address, "/v1/models")
        bge = [m for m in models["data"] if m["id"] == "bge"][0]
        self.assertEqual((bge["capabilities"], bge["window"], len(bge["hash"])), (["rerank"], 32, 64))
        status, body = ask({"model": "bge", "query": "a dog", "documents": ["the", {"text": "中文"}, "a dog"], "top_n": 2,
                            "return_documents": True})
        self.assertEqual((status, body["model"], len(body["results"])), (200, "bge", 2))
        for result in body["results"]:
            self.assertEqual(result["document"]["text"], ["the", "中文", "a dog"][result["index"]])
            self.assertTrue(0 < result["relevance_score"] < 1)
        for wrong, code in (({"query": "a"}, 400), ({"query": "", "documents": ["a"]}, 400),
                            ({"query": "a", "documents": ["a"], "top_n": 0}, 400),
                            ({"query": "a", "documents": ["a"] * 1025}, 400),
                            ({"query": "the cat " * 100, "documents": ["a"]}, 413),
                            ({"model": "gpt", "query": "a", "documents": ["a"]}, 404),
                            (b'{"query":"\xff","documents":["a"]}', 400), (b"[", 400)):
            status, body = ask(wrong)
            self.assertEqual(status, code, (wrong, body))
            self.assertTrue(body["error"]["message"])
        self.stop(process)

    def test_the_same_in_any_company(self):
        _, address = self.serve("--set", "reranker.model=bge", "--set", "reranker.threads=2")
        bodies = [{"query": "the cat", "documents": ["the cat sat " * (1 + (i + c) % 9) for i in range(60)],
                   "raw_scores": True} for c in range(6)]
        alone = [self.post(address, "/v1/rerank", body) for body in bodies]
        self.assertEqual({status for status, _ in alone}, {200})
        together = [None] * len(bodies)

        def ask(i):
            together[i] = self.post(address, "/v1/rerank", bodies[i])
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(bodies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(together, alone)

    def test_at_the_engine(self):
        path = self.work / "e.sock"
        engine = subprocess.Popen([str(BINARY), "engine", f"--model={self.data / 'models/bge.gguf'}", f"--socket={path}"],
                                  env={}, stderr=subprocess.PIPE)
        self.addCleanup(engine.stderr.close)
        self.addCleanup(engine.wait)
        self.addCleanup(engine.kill)
        for line in engine.stderr:
            if b"engine_ready" in line:
                break

        def ask(body, route="/v1/rerank"):
            connection = SocketConnection(path)
            try:
                connection.request("POST", route, json.dumps(body), {"Content-Type": "application/json"})
                reply = connection.getresponse()
                return reply.status, json.loads(reply.read())
            finally:
                connection.close()
        self.expect_golden(ask)
        status, body = ask({"input": "a"}, "/v1/embeddings")
        self.assertEqual(status, 404)
        self.assertIn("reranking", body["error"]["message"])
        self.assertIsNone(engine.poll())

    def test_without_a_reranker(self):
        process, address = self.serve()
        status, body = self.post(address, "/v1/rerank", {"query": "a", "documents": ["b"]})
        self.assertEqual(status, 404)
        self.assertIn("reranker.model", body["error"]["hint"])
        self.stop(process)
        self.docmind("models", "import", CHECKPOINT, "--name", "embedder", "--type", "f32")
        refused = self.docmind("serve", "--port", "0", "--set", "reranker.model=embedder", code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("no reranking model", refused.err)


if __name__ == "__main__":
    unittest.main()
