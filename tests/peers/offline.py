#!/usr/bin/env python3
"""Nothing asks another host: start, ingest, ask and chat in a network namespace without any route, under strace.
usage: offline.py [llamacpp] [ollama] [own-ollama] [vllm];
exits 1 when one connection, or one datagram, was meant for another machine.

Every connect(), sendto(), sendmsg() and sendmmsg() of docmind and of all processes that it starts is read from strace's
file, so an attempt counts also where it failed. A program that does ask another host shows first that it would be seen."""
import collections
import ipaddress
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from servers import SETUP, Ollama, Product, chat_servers, family, vllm_checkpoint, wait_for
from test_contracts import MARKDOWN
from figures import PEERS, Figures, progress

# {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, {sa_family=AF_INET6, ..., inet_pton(AF_INET6, "::1", ...
ADDRESS = re.compile(r'sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
HERE = "a Unix socket"
CALLS = "connect,sendto,sendmsg,sendmmsg"


def traced(file):
    return ("strace", "-f", "-qq", "--seccomp-bpf", "-s", "0", "-e", f"trace={CALLS}", "-o", str(file))


def addresses(folder):
    """How often each address was asked, over all files there; sockets in the file system as one."""
    counted = collections.Counter()
    for file in pathlib.Path(folder).iterdir():
        for line in file.read_text(errors="replace").splitlines():
            counted.update(four or six for four, six in ADDRESS.findall(line))
            counted[HERE] += "AF_UNIX" in line
    return counted


def elsewhere(counted):
    return {address: count for address, count in counted.items()
            if address != HERE and not ipaddress.ip_address(address).is_loopback}


def see_one_that_asks(figures):
    asks = ("import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "try: s.sendto(b'x', ('192.0.2.1', 53))\nexcept OSError: pass\n"
            "t = socket.socket(socket.AF_INET6)\ntry: t.connect(('2001:db8::1', 80))\nexcept OSError: pass\n")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*traced(pathlib.Path(folder) / "x"), sys.executable, "-c", asks], check=True)
        seen = elsewhere(addresses(folder))
    figures.add("a program that asks two other hosts: seen", "", len(seen), target="2",
                met=set(seen) == {"192.0.2.1", "2001:db8::1"})


class Watched(Product):
    """Everything that it runs is run under strace."""

    def __enter__(self):
        super().__enter__()
        self.traces = self.work.parent / "traces"
        self.traces.mkdir()
        return self

    def command(self, *args):
        return [*traced(self.traces / str(len(list(self.traces.iterdir())))), *super().command(*args)]


def use(figures, name, *settings, peer=None):
    """Start, ingest, ask, chat; what each of them asked is in the traces, and what `peer` asked, where it is another's."""
    with Watched() as product:
        if peer:
            peer.prefix = traced(product.traces / "peer")
            product.addCleanup(peer.stop)
            peer.start()
            settings = ("--set", f"{peer.setting}.url={peer.url}", "--set", f"{peer.setting}.model={peer.served}")
        file = product.write("a.md", MARKDOWN)
        process, address = product.ready(*settings, "--set", "ask.max_tokens=16")
        wait_for(lambda: not any(one["failure"] for one in product.backends(address).values()) or time.sleep(0.5), 400)
        product.docmind("ingest", file)
        answer = product.docmind("ask", "How tall is the main mast?", "--json").json
        chat = subprocess.run(product.command("chat", "--json", "--session", "one"), capture_output=True, timeout=600,
                              input=b"How tall is the main mast?\nAnd who says so?\n", env=product.environment)
        turns = [json.loads(line) for line in chat.stdout.splitlines()]
        wrote = {one["name"]: one["answers"] for one in product.backends(address).values()}
        product.docmind("doctor", code=None)
        os.kill(family(process.pid)[1], signal.SIGTERM)  # Its first child: strace itself takes no signals meanwhile.
        wait_for(lambda: process.poll() is not None)
        worked = "24 metres" in answer["answer"] and len(turns) == 2 and not answer["sends_text_to"] and all(wrote.values())
        if peer:
            peer.stop()
        counted = addresses(product.traces)
        files = len(list(product.traces.iterdir()))
    figures.add(f"{name}: ingested, asked, chatted without a route; answers", "", sum(wrote.values()), target="> 0", met=worked)
    progress(f"    {files} traces; connections and datagrams by address: {dict(counted)}")
    figures.add(f"{name}: attempts to reach another host", "", sum(elsewhere(counted).values()), target="0",
                met=not elsewhere(counted) and counted[HERE] > 0)


def managed_ollama():
    """Settings of an Ollama that docmind starts and gives our model. Its keys of 8 bit need the larger shape's heads."""
    words = {"backends.order": "ollama", "ollama.program": PEERS / "bin/ollama", "ollama.port": 0, "ollama.context": 2048}
    return ["--model", chat_servers.model("0.6b"), *(word for key, value in words.items() for word in ("--set", f"{key}={value}"))]


def managed_vllm():
    """Settings of a vLLM that docmind starts, and the folder in which their file lies."""
    folder = tempfile.TemporaryDirectory()
    service = pathlib.Path(folder.name) / "vllm_service.yaml"
    service.write_text("server:\n  served_model_name: docmind-qwen3-tiny\nengine:\n  max_model_len: 4096\n"
                       "  enforce_eager: true\ncpu:\n  kv_cache_gb: 1\n  threads_bind: nobind\n")
    words = {"program": PEERS / "vllm/bin/vllm", "model_folder": PEERS / "models/qwen3-tiny-hf", "service": service, "port": 0}
    return folder, [word for key, value in words.items() for word in ("--set", f"vllm.{key}={value}")]


def main(asked):
    figures = Figures("offline")
    see_one_that_asks(figures)
    if "llamacpp" in asked:
        use(figures, "our engine", "--model", chat_servers.model("tiny"))
    if "ollama" in asked:
        use(figures, "an Ollama", peer=Ollama())
    if "own-ollama" in asked:
        use(figures, "its own Ollama", *managed_ollama())
    if "vllm" in asked:
        folder, settings = managed_vllm()
        with folder:
            use(figures, "its own vLLM", *settings)
    figures.finish()


def enter(asked):
    """This program again, where there is nothing but a loopback."""
    for peer in ("strace", "ollama", "vllm"):
        subprocess.run([SETUP, peer], check=True)
    chat_servers.model("tiny"), chat_servers.model("0.6b")  # Made out here where it is not there yet, like the checkpoint.
    vllm_checkpoint()
    for alone in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if shutil.which("ip") and subprocess.run([*alone, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
            os.execvp(alone[0], [*alone, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, __file__, "inside", *asked])
    print("skipped: this machine lets nobody make a network namespace")


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        main(sys.argv[2:])
    else:
        enter(sys.argv[1:] or ["llamacpp", "ollama", "own-ollama", "vllm"])
