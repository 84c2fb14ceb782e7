"""Backends: the contract on our own engine and on a server at an address, the switch, and what happens when they fail."""
import collections
import concurrent.futures
import os
import re
import sys
import threading

from backend_contract import Contract
from fault_proxy import Fault, FaultProxy
from test_engine import wait_for
from tiny_model import TinyModelTest


class Served(TinyModelTest):
    """With a docmind serve as the other backend."""

    def other(self):
        """Another docmind with a data directory of its own; its address."""
        _, address = self.serve("--data", self.work / "other", "--model", self.model)
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        return address

    def backends(self, address):
        status, body = self.get(address, "/api/backends")
        self.assertEqual(status, 200, body)
        return {one["name"]: one for one in body["backends"]}


class OurEngine(Contract, Served):
    def setUp(self):
        super().setUp()
        _, self.address = self.serve("--model", self.model)
        wait_for(lambda: self.get(self.address, "/health/ready")[0] == 200)
        one = self.backends(self.address)["llamacpp"]
        self.can, self.served = one["capabilities"], one["capabilities"]["model"]
        self.assertTrue(one["in_use"])

    def running(self):
        _, text = self.get(self.address, "/metrics")
        return sum(int(float(n)) for n in re.findall(r'^docmind_engine_texts{[^}]*state="running"[^}]*} (\S+)', text, re.M))


class AtAnAddress(Contract, Served):
    """The same engine, but as a server that another docmind reaches over HTTP, through a proxy."""

    def setUp(self):
        super().setUp()
        other = self.other()
        self.proxy = FaultProxy(("127.0.0.1", int(other.rsplit(":", 1)[1])))
        self.addCleanup(self.proxy.close)
        _, self.address = self.serve("--set", f"vllm.url={self.proxy.address}/v1")
        one = self.backends(self.address)["vllm"]
        self.assertIsNone(one["failure"], one)
        self.can, self.served = one["capabilities"], one["capabilities"]["model"]

    def test_what_fails_before_the_first_byte_is_tried_again(self):
        self.proxy.script.extend([Fault("refuse"), Fault("status", status=503)])
        self.assertTrue(self.text_of())
        self.assertEqual(self.proxy.injected["refuse"] + self.proxy.injected["status"], 2)

    def test_a_stream_that_breaks_is_not_begun_again(self):
        self.proxy.script.append(Fault("reset", after=400))
        before = sum(self.proxy.injected.values())
        _, response = self.open_stream(max_tokens=64, ignore_eos=True)
        with self.assertRaises(Exception):
            while response.readline():
                pass
            raise AssertionError("it ended as if it were whole") if response.isclosed() else ConnectionError
        self.assertEqual(sum(self.proxy.injected.values()) - before, 1)

    def test_a_dead_backend_is_told_at_once_and_used_again_when_it_is_back(self):
        self.proxy.down()
        for _ in range(6):
            status, body = self.ask_model()
        self.assertEqual(status, 503, body)
        self.assertIn("vllm", str(self.backends(self.address)))
        self.proxy.up()
        wait_for(lambda: self.ask_model()[0] == 200)


class Faults(Served):
    """F18 to F22 by chance: DOCMIND_FAULTS of them (default 60), eight callers at once, every answer compared."""
    KINDS = (Fault("refuse"), Fault("status", status=503), Fault("status", status=429, retry_after=0), Fault("reset"),
             Fault("cut"), Fault("garbage"), Fault("html"), Fault("half_head"))

    def test_most_of_what_is_injected_ends_in_a_right_answer(self):
        wanted = int(os.environ.get("DOCMIND_FAULTS", "60"))
        other = self.other()
        proxy = FaultProxy(("127.0.0.1", int(other.rsplit(":", 1)[1])), seed=20261121)
        self.addCleanup(proxy.close)
        _, address = self.serve("--set", f"vllm.url={proxy.address}")
        self.assertIsNone(self.backends(address)["vllm"]["failure"])

        def ask(i):
            return self.post(address, "/v1/chat/completions",
                             {"messages": [{"role": "user", "content": f"Say {i}."}], "max_tokens": 4, "temperature": 0})

        expected = [ask(i)[1]["choices"][0]["message"]["content"] for i in range(8)]
        # Within the budget of retries, 10 % of the calls: beyond it a backend is not asked again (docs/resilience.md).
        proxy.chances = [(kind, 0.03 / len(self.KINDS)) for kind in self.KINDS]
        outcomes, errors = collections.Counter(), []

        def caller(i):
            while sum(n for kind, n in proxy.injected.items() if kind != "none") < wanted:
                status, body = ask(i)
                if status != 200:
                    outcomes["error"] += 1
                    errors.append(body)
                else:
                    right = body["choices"][0]["message"]["content"] == expected[i]
                    outcomes["right" if right else "wrong"] += 1

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(caller, i) for i in range(8)]:
                future.result()
        injected = sum(n for kind, n in proxy.injected.items() if kind != "none")
        recovered = 1 - outcomes["error"] / injected
        print(f"{injected} faults in {sum(outcomes.values())} calls: {recovered:.1%} recovered, {dict(outcomes)}, "
              f"{dict(proxy.injected)}", file=sys.stderr)
        self.assertEqual(outcomes["wrong"], 0)
        self.assertGreater(recovered, 0.95, errors)


class Switching(Served):
    def test_backends_are_listed_and_switched(self):
        other = self.other()
        _, address = self.serve("--model", self.model, "--set", f"vllm.url={other}")
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        listed = self.backends(address)
        self.assertEqual([name for name, one in listed.items() if one["in_use"]], ["vllm"])
        self.assertEqual(listed["vllm"]["capabilities"]["context"], listed["llamacpp"]["capabilities"]["context"])
        status, body = self.post(address, "/api/backends/use", {"name": "llamacpp"})
        self.assertEqual(status, 200, body)
        self.assertTrue(self.backends(address)["llamacpp"]["in_use"])
        status, body = self.post(address, "/api/backends/use", {"name": "ollama"})
        self.assertEqual((status, body["error"]["message"]), (404, "There is no backend ollama."))
        self.assertTrue(self.backends(address)["llamacpp"]["in_use"])
        said = self.docmind("backends", "use", "vllm")
        self.assertIn("* vllm", said.out)
        self.assertIn("  llamacpp", self.docmind("backends").out)

    def test_the_next_backend_writes_when_one_dies_and_the_answer_says_so(self):
        self.write("mast.txt", "The mast of the Halcyon is 24 metres tall.")
        self.docmind("ingest", self.work / "mast.txt")
        other = self.other()
        proxy = FaultProxy(("127.0.0.1", int(other.rsplit(":", 1)[1])))
        self.addCleanup(proxy.close)
        _, address = self.serve("--model", self.model, "--set", f"vllm.url={proxy.address}")
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        self.assertIsNone(self.backends(address)["vllm"]["failure"])
        proxy.down()
        status, answer = self.post(address, "/api/ask", {"question": "How tall is the mast?"})
        self.assertEqual(status, 200, answer)
        self.assertTrue(any(why.startswith("Another backend wrote it: vllm: ") for why in answer["fallbacks"]), answer)
        self.assertIn("24 metres", answer["answer"])  # What the tiny model writes is nonsense and gives way to it.
        self.assertEqual(answer["sends_text_to"], [])
        listed = self.backends(address)
        self.assertEqual((listed["llamacpp"]["answers"] > 0, listed["vllm"]["in_use"]), (True, True))
        self.assertTrue(listed["vllm"]["failure"])
        _, health = self.get(address, "/health")
        checks = {check["name"]: check["status"] for check in health["checks"]}
        self.assertEqual((health["status"], checks["backend vllm"], checks["backend llamacpp"]),
                         ("degraded", "degraded", "ok"))
        _, text = self.get(address, "/metrics")
        self.assertRegex(text, r'docmind_fallbacks_total{from="vllm",to="llamacpp"} [1-9]')

    def test_switches_under_running_questions_lose_and_mix_nothing(self):
        """DOCMIND_SWITCHES of them, default 10, under eight callers."""
        names = ["Aurora", "Borealis", "Cassiopeia", "Delphinus", "Eridanus", "Fornax", "Grus", "Hydra"]
        for i, name in enumerate(names):
            self.write(f"{name}.txt", f"The mast of the {name} is {20 + i} metres tall.")
        self.docmind("ingest", self.work)
        other = self.other()
        _, address = self.serve("--model", self.model, "--set", f"vllm.url={other}", "--set", "ask.max_tokens=16")
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        over, wrong, asked = threading.Event(), [], collections.Counter()

        def caller(i):
            while not over.is_set():
                status, answer = self.post(address, "/api/ask", {"question": f"How tall is the mast of the {names[i]}?"})
                asked[i] += 1
                if status != 200 or f"{20 + i} metres" not in answer["answer"]:
                    wrong.append((names[i], status, answer))

        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            callers = [pool.submit(caller, i) for i in range(len(names))]
            for turn in range(int(os.environ.get("DOCMIND_SWITCHES", "10"))):
                status, body = self.post(address, "/api/backends/use", {"name": ("llamacpp", "vllm")[turn % 2]})
                self.assertEqual(status, 200, body)
                before = sum(asked.values())
                wait_for(lambda: sum(asked.values()) > before + len(names))  # One at least began after the switch.
            over.set()
            for one in callers:
                one.result()
        self.assertEqual(wrong, [])
        self.assertTrue(all(asked[i] for i in range(len(names))), asked)
        answers = {name: one["answers"] for name, one in self.backends(address).items()}
        self.assertTrue(all(answers.values()), answers)
        self.assertEqual([one["failures"] for one in self.backends(address).values()], [0, 0])
        print(f"{sum(asked.values())} answers, written by {answers}", file=sys.stderr)

    def test_without_any_it_says_so(self):
        self.assertIn("No chat model is set up", self.docmind("backends").out)
        self.docmind("backends", "use", "vllm", code=1)

    def test_what_names_no_backend_is_a_fault_of_the_settings(self):
        for setting in ("backends.order=vllm,gpt", "vllm.url=somewhere:else", "ollama.url=https://127.0.0.1"):
            refused = self.docmind("--set", setting, "library", code=78)
            self.assertIn(setting.split("=")[0], refused.err)

    def test_text_does_not_leave_the_machine_unless_it_is_allowed(self):
        for setting in ("vllm.url", "ollama.url"):
            refused = self.docmind("--set", f"{setting}=http://192.0.2.1:8000", "ask", "q", code=78)
            self.assertIn("another machine", refused.err)
            self.assertIn("backends.allow_remote", refused.err)
        said = self.docmind("--set", "vllm.url=http://192.0.2.1:1", "--set", "backends.allow_remote=192.0.2.1",
                            "--set", "backends.first_byte=1s", "backends")
        self.assertIn("text leaves this machine", said.out)

    def test_a_backend_that_is_not_there_leaves_the_documents_own_words(self):
        self.write("mast.txt", "The mast of the Halcyon is 24 metres tall.")
        self.docmind("ingest", self.work / "mast.txt")
        answer = self.docmind("--set", "vllm.url=http://127.0.0.1:9", "ask", "How tall is the mast?", "--json").json
        self.assertEqual((answer["status"], answer["mode"]), ("partial", "extractive"), answer)
        self.assertIn("24 metres", answer["answer"])
        self.assertTrue(answer["fallbacks"], answer)


if __name__ == "__main__":
    import unittest
    unittest.main()
