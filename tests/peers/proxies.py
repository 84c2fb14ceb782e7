#!/usr/bin/env python3
"""A real toxiproxy between docmind and a real llama-server: hangs, latency, slices, cuts, resets, slow ends, thin lines, and
one that comes and goes. usage: proxies.py; DOCMIND_FAULTS (default 1000) transient faults; exits 1 when a target is
missed.

docmind asks toxiproxy, toxiproxy a relay of ours (fault_proxy.py without faults), and that the llama-server: the relay
ends each connection with its reply, so that each request draws its luck anew, and counts the requests that get to it."""
import collections
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from typing import NamedTuple

from servers import OPENER, SETUP, LlamaServer, Product, chat_servers, wait_for
from kills import lines_of
from fault_proxy import FaultProxy
from figures import PEERS, Figures, progress

PATIENCE = ("--set", "backends.first_byte=2s", "--set", "backends.idle=1s")
PATIENT = ("--set", "backends.first_byte=20s", "--set", "backends.idle=20s")
PROXY = "model"


class Toxiproxy:
    """One proxy before `upstream`, and what is done to its connections. toxiproxy 2.12's HTTP API."""

    def __init__(self, upstream):
        subprocess.run([SETUP, "toxiproxy"], check=True)
        self.control, self.port = chat_servers.free_port(), chat_servers.free_port()
        self.process = subprocess.Popen([PEERS / "bin/toxiproxy-server", "-host", "127.0.0.1", "-port", str(self.control)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: self.there())
        self.call("POST", "/proxies", {"name": PROXY, "listen": f"127.0.0.1:{self.port}", "upstream": upstream})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def there(self):
        try:
            return self.call("GET", "/version")
        except OSError:
            return None

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.control}{path}",
                                         None if body is None else json.dumps(body).encode(), method=method)
        with OPENER.open(request, timeout=10) as reply:
            return reply.read() or b"{}"

    def add(self, kind, toxicity=1.0, **attributes):
        self.call("POST", f"/proxies/{PROXY}/toxics", {"name": kind, "type": kind, "stream": "downstream",
                                                       "toxicity": toxicity, "attributes": attributes})

    def heal(self):
        self.call("POST", "/reset")  # All toxics go, and it listens.

    def down(self):
        self.call("POST", f"/proxies/{PROXY}", {"enabled": False})

    def close(self):
        self.process.kill()
        self.process.wait()


class Caller:
    """Asks for an answer of the one backend, and knows the right ones."""

    def __init__(self, product, address, tokens=1):
        self.product, self.address, self.tokens = product, address, tokens
        self.expected = {}

    def ask(self, i, connection=None):
        """(status, body) of one of eight questions."""
        body = {"messages": [{"role": "user", "content": f"Say {i % 8}."}], "max_tokens": self.tokens, "temperature": 0}
        if connection is None:
            return self.product.post(self.address, "/v1/chat/completions", body)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())

    def connection(self):
        return http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=120)

    def learn(self):
        for i in range(8):
            status, body = self.ask(i)
            self.product.assertEqual(status, 200, body)
            self.expected[i] = text_of(body)

    def outcome(self, i, connection=None):
        status, body = self.ask(i, connection)
        if status != 200:
            return "error", body
        return ("right" if text_of(body) == self.expected[i % 8] else "wrong"), body


def text_of(body):
    return body["choices"][0]["message"]["content"]


class Footprint:
    """Threads and memory of docmind's server."""

    def __init__(self, process):
        self.process = process
        self.began = self.now()

    def now(self):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        told = dict(line.split(":", 1) for line in lines)
        return int(told["Threads"]), int(told["VmRSS"].split()[0]) / 1024

    def judge(self, figures, name):
        (threads, mib), (threads_now, mib_now) = self.began, self.now()
        figures.add(f"{name}: threads, {threads} before", "", threads_now, target=f"<= {threads + 4}", met=threads_now <= threads + 4)
        figures.add(f"{name}: memory, {mib:.0f} MiB before", "MiB", mib_now, target="+ 16", met=mib_now <= mib + 16)


class Attempts:
    """What docmind counted since begin()."""

    def __init__(self, product, address):
        self.product, self.address = product, address
        self.began = self.now()

    def now(self):
        figure = lambda name, **labels: self.product.figure(self.address, f"docmind_{name}", backend="vllm", **labels)
        return collections.Counter({"calls": figure("resilience_calls_total"), "attempts": figure("resilience_attempts_total"),
                                    "answered": figure("resilience_calls_total", end="answered"),
                                    "refused": figure("breaker_refused_total")})

    def since(self):
        now = self.now()
        return {key: int(now[key] - self.began[key]) for key in now}


def recovery(caller):
    """Seconds until an answer comes again."""
    began = time.monotonic()
    wait_for(lambda: caller.outcome(0)[0] == "right" or time.sleep(0.05), 60)
    return time.monotonic() - began


def refusals(caller, count=400):
    """Seconds of each answer that the open breaker gives."""
    connection, took = caller.connection(), []
    end = time.monotonic() + 60
    while len(took) < count and time.monotonic() < end:
        began = time.perf_counter()
        status, body = caller.ask(0, connection)
        seconds = time.perf_counter() - began
        if status == 503 and ("left alone" in str(body) or "tried again after" in str(body)):
            took.append(seconds)
    connection.close()
    return sorted(took)


def judge_refusals(figures, name, took):
    p99 = took[int(len(took) * 0.99)] * 1000 if took else float("inf")
    figures.add(f"{name}: {len(took)} answers of the open breaker, p99", "ms", p99, target="10", met=p99 <= 10)


def until_left_alone(caller, callers=20):
    """Many ask a backend that is broken, until its breaker is open for all of them."""
    def one(i):
        for _ in range(20):
            kind, body = caller.outcome(i)
            if kind == "error" and "left alone" in str(body):
                return
    with concurrent.futures.ThreadPoolExecutor(callers) as pool:
        list(pool.map(one, range(callers)))


def transient(figures, scene, toxiproxy, relay):
    """Faults that strike a request and are gone: each attempt draws its luck."""
    wanted = int(os.environ.get("DOCMIND_FAULTS", "1000"))
    # 3 % of all requests are broken, within the budget of retries (docs/resilience.md); 6 % are slow or come in pieces.
    toxiproxy.add("reset_peer", toxicity=0.01, timeout=0)
    toxiproxy.add("limit_data", toxicity=0.01, bytes=150)
    toxiproxy.add("timeout", toxicity=0.01, timeout=20)
    toxiproxy.add("slicer", toxicity=0.03, average_size=5, size_variation=2, delay=200)
    toxiproxy.add("latency", toxicity=0.02, latency=50, jitter=30)
    toxiproxy.add("slow_close", toxicity=0.01, delay=100)
    caller, reached = scene.caller, relay.requests
    attempts, outcomes, errors = Attempts(scene.product, scene.address), collections.Counter(), []
    footprint, over, began = Footprint(scene.process), threading.Event(), time.monotonic()

    def go_on(i):
        connection = caller.connection()
        while not over.is_set():
            kind, body = caller.outcome(i, connection)
            outcomes[kind] += 1
            if kind != "right":
                errors.append(body)
                over.wait(1)  # What it is told: ask again in 1 s.

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(go_on, i) for i in range(8)]
        try:
            while not over.wait(1):
                counted = attempts.since()
                if counted["attempts"] - counted["answered"] >= wanted or any(one.done() for one in running):
                    over.set()
        finally:
            over.set()
        for one in running:
            one.result()
    toxiproxy.heal()
    counted = attempts.since()
    faults = counted["attempts"] - counted["answered"]
    recovered = 1 - outcomes["error"] / faults
    for body in errors[:5]:
        progress("  ", json.dumps(body)[:400])
    progress(f"  {dict(outcomes)}, {counted}, {relay.requests - reached} got to the backend, {time.monotonic() - began:.0f} s")
    figures.add(f"{faults} transient faults in {sum(outcomes.values())} calls: ended in a right answer", "", recovered,
                target="> .95", met=recovered > 0.95)
    figures.add("  wrong answers", "", outcomes["wrong"], target="0", met=not outcomes["wrong"])
    footprint.judge(figures, "  after them")


class Scene(NamedTuple):
    product: Product
    process: subprocess.Popen
    address: str
    caller: Caller


def broken(figures, name, scene, strike, heal):
    """A backend that is broken for everybody for a while."""
    caller = scene.caller
    footprint, attempts = Footprint(scene.process), Attempts(scene.product, scene.address)
    strike()
    until_left_alone(caller)
    judge_refusals(figures, name, refusals(caller))
    counted = attempts.since()
    calls = counted["calls"]
    figures.add(f"{name}: attempts for each of {calls} calls", "", counted["attempts"] / calls, target="1.1",
                met=counted["attempts"] <= 1.1 * calls)
    progress(f"  {counted}")
    heal()
    seconds = recovery(caller)
    figures.add(f"{name}: answers again after healing", "s", seconds, target="10", met=seconds <= 10)
    footprint.judge(figures, name)


def slow(figures, name, caller, toxiproxy, count, kind, **attributes):
    """Slow is not broken: everything is answered."""
    toxiproxy.add(kind, **attributes)
    outcomes, took = collections.Counter(), []
    for i in range(count):
        began = time.monotonic()
        outcomes[caller.outcome(i)[0]] += 1
        took.append(time.monotonic() - began)
    toxiproxy.heal()
    figures.add(f"{name}: right answers, longest {max(took):.2f} s", "", outcomes["right"], target=str(count),
                met=outcomes["right"] == count)


def cut_stream(figures, name, caller, strike, heal):
    """The client of a stream has a part: it is told that this is no end, and nothing is sent twice."""
    connection = caller.connection()
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "messages": [{"role": "user", "content": "Say much."}], "max_tokens": 400, "temperature": 0, "stream": True,
        "ignore_eos": True}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    rest = lines_of(response)
    lines = [next(rest) for _ in range(6)]
    strike()
    began, broke = time.monotonic(), False
    try:
        lines += rest
    except (http.client.HTTPException, OSError):
        broke = True
    seconds = time.monotonic() - began
    connection.close()
    heal()
    done = any(b"[DONE]" in line for line in lines)
    said = [line for line in lines if b'"error"' in line]
    figures.add(f"{name}: stream ends unfinished, {'says why' if said else 'says nothing'}", "s", seconds, target="< 5",
                met=not done and seconds < 5 and (broke or bool(said)))
    recovery(caller)


def flapping(figures, scene, toxiproxy, seconds=30):
    caller = scene.caller
    attempts, outcomes, over = Attempts(scene.product, scene.address), collections.Counter(), threading.Event()

    def flap():
        up = True
        while not over.wait(3):
            up = not up
            toxiproxy.heal() if up else toxiproxy.down()
        toxiproxy.heal()

    flapper = threading.Thread(target=flap)
    flapper.start()
    end = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        def go_on(i):
            while time.monotonic() < end:
                outcomes[caller.outcome(i)[0]] += 1
                time.sleep(0.01)
        for one in [pool.submit(go_on, i) for i in range(8)]:
            one.result()
    over.set()
    flapper.join()
    counted = attempts.since()
    progress(f"  {dict(outcomes)}, {counted}")
    figures.add("flapping every 3 s: attempts for each call", "", counted["attempts"] / counted["calls"], target="1.1",
                met=counted["attempts"] <= 1.1 * counted["calls"])
    figures.add("flapping: wrong answers", "", outcomes["wrong"], target="0", met=not outcomes["wrong"])
    took = recovery(caller)
    # Left alone for up to a minute on purpose: one that comes and goes is worse than one that is away.
    figures.add("flapping: answers again after the last up", "s", took, target="60", met=took <= 60)


def main():
    figures = Figures("proxies")
    with contextlib.ExitStack() as stack:
        server = LlamaServer(slots=8)
        stack.callback(server.stop)
        server.start()
        relay = FaultProxy(("127.0.0.1", server.port))
        stack.callback(relay.close)
        toxiproxy = Toxiproxy(f"127.0.0.1:{relay.port}")
        stack.callback(toxiproxy.close)
        play(figures, toxiproxy, relay)
    figures.finish()


@contextlib.contextmanager
def scene_before(url, *settings):
    """A docmind of its own: a breaker that opens again within a minute is left alone for longer on purpose."""
    with Product() as product:
        process, address = product.serve("--set", f"vllm.url={url}", *PATIENCE, *settings)
        wait_for(lambda: product.backends(address)["vllm"]["failure"] is None)  # A busy machine has pauses, too.
        scene = Scene(product, process, address, Caller(product, address))
        scene.caller.learn()
        yield scene


def play(figures, toxiproxy, relay):
    # None of the transient faults is silence: nobody has to be impatient, and a busy machine has pauses of its own.
    with scene_before(toxiproxy.url, *PATIENT) as scene:
        transient(figures, scene, toxiproxy, relay)
    with scene_before(toxiproxy.url) as scene:
        slow(figures, "latency 500 ms", scene.caller, toxiproxy, 10, "latency", latency=500, jitter=100)
        slow(figures, "slices of a byte", scene.caller, toxiproxy, 10, "slicer", average_size=1, size_variation=0, delay=100)
        slow(figures, "1 KB/s", scene.caller, toxiproxy, 5, "bandwidth", rate=1)
        slow(figures, "slow_close", scene.caller, toxiproxy, 10, "slow_close", delay=1000)
    for kind, attributes in (("reset_peer", {"timeout": 0}), ("limit_data", {"bytes": 150}), ("timeout", {"timeout": 0})):
        name = "hang" if kind == "timeout" else kind
        strike = lambda: toxiproxy.add(kind, **attributes)
        with scene_before(toxiproxy.url) as scene:
            cut_stream(figures, name, scene.caller, strike, toxiproxy.heal)
            broken(figures, name, scene, strike, toxiproxy.heal)
    with scene_before(toxiproxy.url) as scene:
        broken(figures, "down", scene, toxiproxy.down, toxiproxy.heal)
    with scene_before(toxiproxy.url) as scene:
        flapping(figures, scene, toxiproxy)


if __name__ == "__main__":
    main()
