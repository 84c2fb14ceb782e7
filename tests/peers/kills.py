#!/usr/bin/env python3
"""Backends killed (SIGKILL) while they write: a vLLM, an Ollama, a llama-server and our engine, whole or the process that
computes alone. usage: kills.py [vllm] [ollama] [llama-server] [llamacpp]; exits 1 when a target is missed.

A question to /api/ask, in a session and by `docmind ask` is answered all the same: the next backend writes, and the
answer says who stood in and why. A stream of /v1, of which the client has a part, says why it is no more. What
was killed and started again answers again."""
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

import servers
from servers import Product, chat_servers, processor_seconds, wait_for
from figures import Figures, progress

QUESTION = "How tall is the mast of the Halcyon?"
FACT = "24 metres"
LONG = 400  # Tokens; seconds of writing for each of them.


class Victim:
    """A backend that can be killed. `name`: what docmind calls it; `what`: whom the kill hits."""

    def __init__(self, name, what, peer=None, worker_alone=False):
        self.name, self.what, self.peer, self.worker_alone = name, what, peer, worker_alone

    def writes(self, product, process, address, model):
        """Once it does, for half a second: the prompt is read by then."""
        if self.peer is None:
            wait_for(lambda: product.figure(address, "docmind_engine_texts", state="running") > 0)
        elif self.peer.metric:
            wait_for(lambda: self.peer.running() > 0)
        else:
            worker = wait_for(lambda: busiest(self.peer.workers()))
            before = processor_seconds(worker)
            wait_for(lambda: processor_seconds(worker) > before + 0.05)
        time.sleep(0.5)

    def kill(self, product, process, model):
        if self.peer is None:
            os.kill(product.chat_engine(process, model), signal.SIGKILL)
        elif self.worker_alone:
            os.kill(busiest(self.peer.workers()), signal.SIGKILL)
        else:
            self.peer.kill()

    def revive(self):
        """As whoever looks after it would; our engine and Ollama's runner come back by themselves."""
        if self.peer is None or (self.worker_alone and self.name == "ollama"):
            return
        self.peer.stop()
        self.peer.start()


def busiest(processes):
    return max(processes, key=processor_seconds, default=None)


class Scene:
    """docmind with two or three backends, one of them the victim and in use."""

    def __init__(self, figures, product, process, address, model):
        self.figures, self.product, self.process, self.address, self.model = figures, product, process, address, model

    def kill_while(self, victim, work):
        """What `work` gives when the victim is killed in its middle, and the seconds from the kill to its end."""
        self.use(victim.name)
        got = []
        asking = threading.Thread(target=lambda: got.append(work()))
        asking.start()
        try:
            victim.writes(self.product, self.process, self.address, self.model)
        except AssertionError:
            raise RuntimeError(f"{victim.what} was not seen to write: {got}") from None
        in_time = asking.is_alive()
        victim.kill(self.product, self.process, self.model)
        killed = time.monotonic()
        asking.join()
        if not in_time:
            raise RuntimeError(f"{victim.what} had ended before it was killed")
        return got[0], time.monotonic() - killed

    def use(self, name):
        def used():
            status, self.said = self.product.post(self.address, "/api/backends/use", {"name": name})
            return status == 200 or time.sleep(0.2)
        try:
            wait_for(used)
        except AssertionError:
            raise RuntimeError(self.said) from None

    def asked(self, victim, how):
        path = "/api/ask" if how == "ask" else "/api/sessions/halcyon/ask"
        (status, answer), seconds = self.kill_while(victim, lambda: self.product.post(self.address, path, {"question": QUESTION}))
        answer = answer.get("answer", answer) if how != "ask" else answer
        self.judge(victim, how, seconds, answer if status == 200 else {"error": answer})

    def asked_at_a_terminal(self, victim):
        ran, seconds = self.kill_while(victim, lambda: self.product.docmind("ask", QUESTION, "--json", code=None))
        self.judge(victim, "docmind ask", seconds, ran.json if ran.code == 0 else {"error": repr(ran)})

    def judge(self, victim, how, seconds, answer):
        if "error" in answer:
            progress("  ", json.dumps(answer)[:800])
            return self.figures.add(f"{victim.what}, {how}: answered", "s", seconds, target="answered", met=False)
        _, trace = self.product.get(self.address, f"/api/traces/{answer['trace_id']}")
        wrote = {call["backend"] for call in trace["model_calls"] if not call["error"]}
        reasons = [why for why in answer["fallbacks"] if why.startswith(f"Another backend wrote it: {victim.name}: ")]
        honest = bool(reasons) and wrote and victim.name not in wrote
        # Or the backend itself was back in time and wrote it: nobody stood in, nothing is to be told.
        met = FACT in answer["answer"] and (honest or wrote == {victim.name})
        self.figures.add(f"{victim.what}, {how}: answered by {', '.join(sorted(wrote)) or 'the documents'}", "s", seconds,
                         target="answered", met=met)
        progress(f"    {answer['status']}: {answer['fallbacks']}")

    def streamed(self, victim):
        model = self.product.backends(self.address)[victim.name]["capabilities"]["model"]
        end, seconds = self.kill_while(victim, lambda: stream(self.address, model))
        progress(f"    {len(end['text'])} bytes of text, then {end['how']}; said: {end['said']}")
        # A vLLM whose worker died says why itself, and [DONE] after it.
        self.figures.add(f"{victim.what}, stream: part kept, says why", "s", seconds, target="honest",
                         met=bool(end["text"]) and bool(end["said"]))

    def back(self, victim):
        began = time.monotonic()
        model = []

        def answers():
            listed = self.product.backends(self.address)[victim.name]
            model[:] = [listed["capabilities"]["model"]] if listed["capabilities"] else []
            return not listed["failure"] and self.product.post(self.address, "/v1/chat/completions", {
                "model": model[0], "max_tokens": 2, "messages": [{"role": "user", "content": "Hi"}]})[0] == 200 or time.sleep(0.1)
        wait_for(answers)
        seconds = time.monotonic() - began
        self.figures.add(f"{victim.what}: in use again after its start", "s", seconds, target="10", met=seconds <= 10)


def lines_of(response):
    """Whole lines, as they come; fails where the reply has no end, which the response's own iterator does not tell."""
    left = b""
    while piece := response.read1(1 << 16):
        *whole, left = (left + piece).split(b"\n")
        yield from (line.rstrip() for line in whole)


def stream(address, model):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=120)
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": model, "stream": True, "max_tokens": LONG, "temperature": 0, "ignore_eos": True,
        "messages": [{"role": "user", "content": QUESTION}]}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    out = {"text": "", "done": False, "said": None, "how": "an end as if it were whole"}
    try:
        for line in lines_of(response):
            if not line.startswith(b"data: "):
                continue
            if line == b"data: [DONE]":
                out["done"] = True
                continue
            event = json.loads(line[6:])
            out["said"] = event.get("error") or out["said"]
            out["text"] += "".join(c["delta"].get("content") or "" for c in event.get("choices", []))
    except (http.client.HTTPException, OSError) as error:
        out["how"] = f"a broken connection ({type(error).__name__})"
    connection.close()
    return out


def play(figures, names):
    tiny = chat_servers.model("tiny")
    wanted = [name for name in names if name in ("vllm", "ollama", "llama-server")]
    peers = {name: {"vllm": servers.Vllm, "ollama": servers.Ollama, "llama-server": servers.LlamaServer}[name]()
             for name in wanted}
    try:
        for peer in peers.values():
            peer.start()
        for name in names:
            peer = peers.get(name)
            victims = [Victim(peer.setting if peer else name, f"{name}", peer)]
            if name in ("vllm", "ollama"):
                victims.append(Victim(name, f"{name}'s worker", peer, worker_alone=True))
            # Ollama stands in for our engine, our engine for everybody else.
            others = [peers["ollama"]] if name == "llamacpp" and "ollama" in peers else []
            settings = [word for one in {*others, *([peer] if peer else [])}
                        for word in ("--set", f"{one.setting}.url={one.url}", "--set", f"{one.setting}.model={one.served}")]
            with Product(threads=1) as product:
                product.write("mast.txt", f"The mast of the Halcyon is {FACT} tall.")
                product.docmind("ingest", product.work / "mast.txt")
                process, address = product.ready("--model", tiny, "--set", f"ask.max_tokens={LONG}", *settings)
                scene = Scene(figures, product, process, address, tiny)
                for victim in victims:
                    kill_each_way(scene, victim)
    finally:
        for peer in peers.values():
            peer.stop()


def kill_each_way(scene, victim):
    progress(f"-- {victim.what}")
    ways = [lambda: scene.asked(victim, "ask"), lambda: scene.streamed(victim)]
    if not victim.worker_alone:
        ways += [lambda: scene.asked(victim, "session"), lambda: scene.asked_at_a_terminal(victim)]
    for way in ways:
        way()
        victim.revive()
    scene.back(victim)


def main():
    known = ["vllm", "ollama", "llama-server", "llamacpp"]
    asked = sys.argv[1:] or known
    if unknown := [name for name in asked if name not in known]:
        sys.exit(f"there is no {unknown[0]}; there are {', '.join(known)}")
    figures = Figures("kills")
    play(figures, asked)
    figures.finish()


if __name__ == "__main__":
    main()
