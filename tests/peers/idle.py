#!/usr/bin/env python3
"""How soon a backend is idle after whoever asked has gone: a vLLM, an Ollama, a llama-server and our engine, by their own
figures (Ollama has none: by the processor time of its runner). usage: idle.py [vllm] [ollama] [llama-server]
[llamacpp]; exits 1 when one takes a second.

Ways to go: the client of a stream of /v1, of /api/ask or of a session closes its connection; `docmind ask` is ended by
Ctrl-C. tests/e2e/backend_contract.py has the first of them for every backend in ci."""
import http.client
import json
import signal
import sys
import time
import urllib.parse

import servers
from kills import FACT, QUESTION, busiest
from servers import Product, chat_servers, processor_seconds, wait_for
from figures import Figures

LONG = 2000  # Tokens: nobody is through within a second.
ROUNDS = 5


class Watched:
    """A backend that is asked how many texts it writes."""

    def __init__(self, name, peer, product, process, address, model):
        self.name, self.peer, self.product, self.address = name, peer, product, address
        self.engine = product.chat_engine(process, model)

    def counted(self):
        if self.peer is None:
            return self.product.figure(self.address, "docmind_engine_texts", state="running")
        return self.peer.running()

    def wait_until_it_writes(self):
        if self.peer is None or self.peer.metric:
            wait_for(lambda: self.counted() > 0)
        else:
            worker = wait_for(lambda: busiest(self.peer.workers()))
            before = processor_seconds(worker)
            wait_for(lambda: processor_seconds(worker) > before + 0.05)
        time.sleep(0.3)  # Past the prompt.

    def seconds_to_idle(self, began, by_processor):
        """Since `began`; more than 5 is not waited for."""
        if by_processor:
            return self.seconds_of_work(began)
        while (now := time.monotonic()) < began + 5:
            if self.counted() == 0:
                return now - began
            time.sleep(0.01)
        return 5.0

    def seconds_of_work(self, began):
        """Until the process that computes took no time any more for half a second."""
        worker = busiest(self.peer.workers()) if self.peer else self.engine
        spent, last = processor_seconds(worker), began
        while (now := time.monotonic()) < began + 5 and now < last + 0.5:
            time.sleep(0.02)
            if processor_seconds(worker) > spent + 0.011:  # A tick is 0.01 s; it looks after itself now and then.
                spent, last = processor_seconds(worker), time.monotonic()
        return last - began


def go(connection):
    """The way a browser goes whose tab is closed."""
    connection.sock.close()
    connection.close()


def opened(address, path, body):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    return connection


def leave_a_stream(watched, model):
    connection = opened(watched.address, "/v1/chat/completions", {
        "model": model, "stream": True, "max_tokens": LONG, "temperature": 0, "ignore_eos": True,
        "messages": [{"role": "user", "content": QUESTION}]})
    response = connection.getresponse()
    response.readline()
    watched.wait_until_it_writes()

    def leave():
        go(connection)
        response.close()
    return leave


def leave_a_question(path):
    def begin(watched, _):
        # A session of its own each time: one that was just left takes the next question a moment later.
        connection = opened(watched.address, path.format(time.monotonic_ns()), {"question": QUESTION})
        watched.wait_until_it_writes()
        return lambda: go(connection)
    return begin


def press_ctrl_c(watched, _):
    process = watched.product.start("ask", QUESTION)
    watched.wait_until_it_writes()
    return lambda: process.send_signal(signal.SIGINT)


WAYS = {"a stream": leave_a_stream, "/api/ask": leave_a_question("/api/ask"),
        "a session": leave_a_question("/api/sessions/{}/ask"), "Ctrl-C": press_ctrl_c}


def watch(figures, name, peer):
    tiny = chat_servers.model("tiny")
    settings = ("--model", tiny) if peer is None else ("--set", f"{peer.setting}.url={peer.url}",
                                                      "--set", f"{peer.setting}.model={peer.served}")
    with Product(threads=1) as product:
        product.write("mast.txt", f"The mast of the Halcyon is {FACT} tall.")
        product.docmind("ingest", product.work / "mast.txt")
        process, address = product.ready(*settings, "--set", f"ask.max_tokens={LONG}")
        setting = "llamacpp" if peer is None else peer.setting
        model = product.backends(address)[setting]["capabilities"]["model"]
        watched = Watched(name, peer, product, process, address, tiny)
        by_processor = peer is not None and peer.metric is None
        for way, begin in WAYS.items():
            took = []
            for _ in range(ROUNDS):
                leave = begin(watched, model)
                began = time.monotonic()
                leave()
                took.append(watched.seconds_to_idle(began, by_processor))
                wait_for(lambda: by_processor or watched.counted() == 0)
            figures.add(f"{name}: idle after the end of {way}, longest of {ROUNDS}", "s", max(took), target="< 1",
                        met=max(took) < 1)


def main():
    kinds = {"vllm": servers.Vllm, "ollama": servers.Ollama, "llama-server": servers.LlamaServer, "llamacpp": None}
    asked = sys.argv[1:] or list(kinds)
    if unknown := [name for name in asked if name not in kinds]:
        sys.exit(f"there is no {unknown[0]}; there are {', '.join(kinds)}")
    figures = Figures("idle")
    for name in asked:
        peer = kinds[name] and kinds[name]()
        try:
            if peer:
                peer.start()
            watch(figures, name, peer)
        finally:
            if peer:
                peer.stop()
    figures.finish()


if __name__ == "__main__":
    main()
