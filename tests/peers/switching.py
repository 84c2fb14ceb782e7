#!/usr/bin/env python3
"""Switches while people talk: our engine, a real llama-server and a real Ollama behind one docmind. usage: switching.py
[switches, default 200; 0: first tokens alone]; exits 1 when a target is missed.

Twenty conversations, each about a ship of its own, go on while the backend is switched; each switch waits until the new
one has written an answer. The model has random weights and writes greedily, so what it wrote is a mark of its prompt:
the same in two conversations would be one's answer given to another. Lost: an error, or a turn that the session does
not hold as it was answered. Mixed: another ship in the answer, or another conversation's text in the trace.
Then the time to the first token of a stream, of a question never asked before, on the 0.6B shape: right after a switch,
and after its process was killed, the file in the page cache."""
import collections
import concurrent.futures
import http.client
import json
import os
import signal
import sys
import time
import urllib.parse

from servers import LlamaServer, Ollama, Product, chat_servers, read, wait_for
from kills import lines_of
from figures import Figures, median_with_interval, progress

SHIPS = """Aurora Borealis Cassiopeia Delphinus Eridanus Fornax Grus Hydra Indus Kestrel Lyra Mensa Norma Octans Pegasus
Reticulum Sagitta Tucana Vela Wolverine""".split()
ASKED = ["How tall is the mast of the {}?", "Who built the {}?", "Which crew sails the {}?"]


def facts(i):
    """What each question of ASKED is answered with."""
    return [f"{20 + i} metres", f"Builder{i:02}", f"{300 + i} sailors"]


class Talk:
    """One conversation and what came of it."""

    def __init__(self, product, address, i):
        self.product, self.address, self.i = product, address, i
        self.path = f"/api/sessions/{SHIPS[i]}"
        self.file = product.write(f"{SHIPS[i]}.txt", "The mast of the {0} is {1} tall.\n\nThe {0} was built by {2} in Kiel.\n\n"
                                  "A crew of {3} sails the {0}.\n".format(SHIPS[i], *facts(i)))
        self.turns, self.lost, self.mixed, self.raw = [], [], [], []
        self.backends, self.stood_in, self.seconds = collections.Counter(), 0, []

    def turn(self):
        which = len(self.turns) % len(ASKED)
        began = time.monotonic()
        status, turn = self.product.post(self.address, self.path + "/ask", {
            "question": ASKED[which].format(SHIPS[self.i]), "filter": {"documents": [str(self.file)]}})
        self.seconds.append(time.monotonic() - began)
        if status != 200:
            return self.lost.append((status, turn))
        self.turns.append(turn)
        answer = turn["answer"]
        self.look(answer, facts(self.i)[which])
        _, trace = self.product.get(self.address, f"/api/traces/{answer['trace_id']}")
        for call in trace["model_calls"]:
            self.backends[call["backend"]] += 1
            self.stood_in += bool(call["fallbacks"])
            self.raw.append(call["content"])

    def look(self, answer, fact):
        text = json.dumps([answer["answer"], answer["claims"], answer["dropped"]])
        if any(other in text for other in SHIPS if other != SHIPS[self.i]):
            self.mixed.append(answer)
        elif fact not in answer["answer"]:
            self.lost.append(answer)

    def hold(self):
        """Every turn is in the session, in its order, as it was answered."""
        _, shown = self.product.get(self.address, self.path)
        if [(t["turn"], t["answer"]) for t in shown["messages"]] != [(t["turn"], t["answer"]) for t in self.turns]:
            self.lost.append(("the session holds other turns", len(shown["messages"]), len(self.turns)))


def written(product, address, name):
    return product.figure(address, "docmind_backend_answers_total", backend=name)


def switch_under_talks(figures, switches):
    tiny = chat_servers.model("tiny")
    # One thread each: on two cores the threads of three servers would wait for each other in loops.
    other, third = LlamaServer(tiny, slots=4, threads=1), Ollama(tiny, threads=1)
    try:
        other.start(), third.start()
        with Product(threads=1) as product:
            _, address = product.ready("--model", tiny, *reached(other, third), "--set", "ask.max_tokens=16")
            talks = [Talk(product, address, i) for i in range(len(SHIPS))]
            product.docmind("ingest", product.work)
            took = keep_switching(product, address, talks, switches)
            judge(figures, product, address, talks, switches, took)
    finally:
        other.stop(), third.stop()


def reached(other, third):
    return ("--set", f"vllm.url={other.url}", "--set", f"vllm.model={other.served}", "--set", f"ollama.url={third.url}",
            "--set", f"ollama.model={third.served}")


def keep_switching(product, address, talks, switches):
    took, over = [], []
    with concurrent.futures.ThreadPoolExecutor(len(talks)) as pool:
        def go_on(talk):
            while not over:
                talk.turn()
            talk.hold()

        running = [pool.submit(go_on, talk) for talk in talks]
        try:
            for i in range(switches):
                name = ("llamacpp", "vllm", "ollama")[i % 3]
                began = time.monotonic()
                status, body = product.post(address, "/api/backends/use", {"name": name})
                took.append(time.monotonic() - began)
                product.assertEqual(status, 200, body)
                before = written(product, address, name)
                wait_for(lambda: written(product, address, name) > before or time.sleep(0.05), 120)
                if i % 10 == 9:
                    progress(f"{i + 1} switches, {sum(len(t.turns) for t in talks)} answers")
        finally:
            over.append(True)
        for one in running:
            one.result()
    return took


def is_a_mark(text):
    """Not one of the loops ("urnurnurn") that such a model falls into whatever it was asked."""
    return len(set(text)) >= 12


def judge(figures, product, address, talks, switches, took):
    owner, shared = {}, []
    for talk in talks:
        for text in filter(is_a_mark, talk.raw):
            if owner.setdefault(text, talk) is not talk:
                shared.append((text, SHIPS[talk.i], SHIPS[owner[text].i]))
    lost = [one for talk in talks for one in talk.lost]
    mixed = [one for talk in talks for one in talk.mixed] + shared
    for one in (lost + mixed)[:5]:
        progress("  ", json.dumps(one)[:1500])
    by = sum((talk.backends for talk in talks), collections.Counter())
    seconds = [one for talk in talks for one in talk.seconds]
    figures.add("switches", "", switches)
    figures.add("answers in twenty conversations", "", sum(len(talk.turns) for talk in talks))
    for name, count in sorted(by.items()):
        figures.add(f"  written by {name}", "", count)
    figures.add("  with another backend standing in", "", sum(talk.stood_in for talk in talks))
    figures.add("  different texts written by the model", "", len(owner))
    figures.add("lost", "", len(lost), target="0", met=not lost)
    figures.add("mixed", "", len(mixed), target="0", met=not mixed)
    figures.add("failures of backends", "", int(product.figure(address, "docmind_backend_failures_total")))
    for line in [line for line in product.log().splitlines() if "backend_failed" in line][:5]:
        progress("  ", line[:400])
    figures.add("an answer, median", "s", median_with_interval(seconds)[0])
    figures.add("a switch, median", "s", median_with_interval(took)[0])
    figures.add("a switch, longest", "s", max(took))
    figures.add("least answers in one conversation", "", min(len(talk.turns) for talk in talks), target="> 0",
                met=all(talk.turns for talk in talks))


class FirstToken:
    """Streams of questions never asked before."""

    def __init__(self, product, address):
        self.product, self.address, self.asked = product, address, 0

    def seconds(self, model):
        """Of the next question: sometimes the random weights write special tokens alone, which have no text."""
        for _ in range(10):
            if (first := self.stream(model)) is not None:
                return first
        raise RuntimeError(f"{model} writes nothing")

    def stream(self, model):
        self.asked += 1
        question = f"{time.monotonic_ns()} {self.asked}: how tall is the mast of a ship with {self.asked} sails?"
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=120)
        body = {"model": model, "stream": True, "max_tokens": 16, "temperature": 0,
                "messages": [{"role": "user", "content": question}]}
        began, first = time.monotonic(), None
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        self.product.assertEqual(response.status, 200, response.read() if response.status != 200 else "")
        for line in lines_of(response):
            if first is None and line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                if any(c["delta"].get("content") or c["delta"].get("reasoning_content") for c in choices):
                    first = time.monotonic() - began
        connection.close()
        return first

    def use(self, name):
        status, body = self.product.post(self.address, "/api/backends/use", {"name": name})
        self.product.assertEqual(status, 200, body)


def first_tokens(figures, shape, rounds, with_others):
    file = chat_servers.model(shape)
    with open(file, "rb") as warm:
        while warm.read(16 << 20):
            pass
    other, third = LlamaServer(file), Ollama(file)
    try:
        if with_others:
            other.start(), third.start()
        with Product() as product:
            process, address = product.ready("--model", file, *(reached(other, third) if with_others else ()))
            first = FirstToken(product, address)
            for name in product.backends(address):
                first.use(name)  # Loads it, however long a large one takes.
            model = models(product, address)
            after_switch(figures, shape, first, model, rounds)
            # Five starts in a minute are the most that an engine gets.
            after_kill(figures, shape, first, process, file, model["llamacpp"], min(rounds, 4))
            if with_others:
                after_unloading(figures, shape, first, third, model["ollama"], rounds)
    finally:
        other.stop(), third.stop()


def models(product, address):
    """Names of the models by backend."""
    return {name: one["capabilities"]["model"] for name, one in product.backends(address).items()}


def after_switch(figures, shape, first, model, rounds):
    names = list(model)
    took = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            first.use(name)
            took[name].append(first.seconds(model[name]))
    for name in names:
        # This Ollama is built without its own kernels (bench/peers/setup.sh): shown, not judged.
        judged = {} if name == "ollama" else {"target": "1", "met": max(took[name]) <= 1}
        figures.add(f"{shape}: first token on {name}, warm, median", "s", median_with_interval(took[name])[0])
        figures.add(f"{shape}: first token on {name}, warm, longest", "s", max(took[name]), **judged)


def after_kill(figures, shape, first, process, file, model, rounds):
    took = []
    for _ in range(rounds):
        engine = first.product.chat_engine(process, file)
        os.kill(engine, signal.SIGKILL)
        wait_for(lambda: first.product.chat_engine(process, file) != engine)
        took.append(first.seconds(model))
    figures.add(f"{shape}: first token of our engine, page cache only, median", "s", median_with_interval(took)[0])
    figures.add(f"{shape}: first token of our engine, page cache only, longest", "s", max(took), target="5", met=max(took) <= 5)


def after_unloading(figures, shape, first, ollama, model, rounds):
    took = []
    for _ in range(rounds):
        read(ollama.url + "/api/generate", {"model": ollama.served, "keep_alive": 0})
        wait_for(lambda: not json.loads(read(ollama.url + "/api/ps"))["models"] or time.sleep(0.05))
        took.append(first.seconds(model))
    figures.add(f"{shape}: first token of Ollama, page cache only, longest", "s", max(took), target="5", met=max(took) <= 5)


def main():
    figures = Figures("switching")
    if switches := int(sys.argv[1]) if len(sys.argv) > 1 else 200:
        switch_under_talks(figures, switches)
    first_tokens(figures, "0.6b", 10, with_others=True)
    first_tokens(figures, "4b", 3, with_others=False)
    figures.finish()


if __name__ == "__main__":
    main()
