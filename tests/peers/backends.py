#!/usr/bin/env python3
"""The contract of backends (tests/e2e/backend_contract.py) on real servers: a vLLM on the CPU, an Ollama and a llama-server,
each asked through docmind serve. usage: backends.py [vllm] [ollama] [llama-server]; exits 1 when one of them fails.
Each is set up by bench/peers/setup.sh at its first use (minutes, from the registries)."""
import json
import sys
import time
import unittest

import servers
from backend_contract import Contract
from harness import DocMindTest


class Real(Contract, DocMindTest):
    """Starts the server once for all of a class's tests."""
    kind = None

    @classmethod
    def setUpClass(cls):
        cls.peer = cls.kind()
        cls.addClassCleanup(cls.peer.stop)
        cls.peer.start()

    def setUp(self):
        super().setUp()
        _, self.address = self.serve("--set", f"{self.peer.setting}.url={self.peer.url}",
                                     "--set", f"{self.peer.setting}.model={self.peer.served}")
        status, body = self.get(self.address, "/api/backends")
        self.assertEqual(status, 200, body)
        one = body["backends"][0]
        self.assertIsNone(one["failure"], one)
        self.can, self.served = one["capabilities"], one["capabilities"]["model"]
        type(self).record = one["capabilities"]

    @classmethod
    def tearDownClass(cls):
        print(f"{cls.__name__}: {json.dumps(getattr(cls, 'record', None))}", flush=True)

    def running(self):
        return self.peer.running()  # Ollama has no figures: the next answer has to come at once.


class Vllm(Real):
    kind = servers.Vllm


class LlamaServer(Real):
    kind = servers.LlamaServer


class Ollama(Real):
    kind = servers.Ollama


if __name__ == "__main__":
    known = {"vllm": Vllm, "ollama": Ollama, "llama-server": LlamaServer}
    asked = sys.argv[1:] or list(known)
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"there is no {unknown[0]}; there are {', '.join(known)}")
    began = time.monotonic()
    loader = unittest.defaultTestLoader
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(known[name]) for name in asked)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    print(f"{result.testsRun - len(result.failures) - len(result.errors)} of {result.testsRun} in "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(not result.wasSuccessful())
