"""What the chat benchmarks share: the model files, our engine and llama-server as servers, requests that are timed."""
import atexit
import contextlib
import http.client
import json
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import time

from figures import BINARY, PEERS, ROOT, peer_python
import tiny_chat  # figures knows where tests/e2e is.

LLAMA_TREE = ROOT / ".deps" / "packages" / "llama_cpp_python" / "vendor" / "llama.cpp"
MODELS = PEERS / "models"
THREADS = len(os.sched_getaffinity(0))
WORDS = ("the of report system data model network page table value user policy energy market river cell protein court "
         "treaty engine signal bridge memory kernel index window query answer figure method result section chapter "
         "water light sound paper").split()
ROLES = ["Route this question.", "Plan the steps.", "List the passages that matter.", "Write the answer.",
         "Check the answer against the text."]


def model(shape, kind="q8_0", copier=False):
    """A random-weight Qwen3 of that shape, made once: its text means nothing, its speed is real. A copier writes what it
    has read (peers/make_qwen3_gguf.py)."""
    path = MODELS / f"{'copier' if copier else 'qwen3'}-{shape}-{kind}.gguf"
    if not path.exists():
        MODELS.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        subprocess.run([peer_python(), ROOT / "bench" / "peers" / "make_qwen3_gguf.py", shape, kind, part, "--llama-cpp",
                        LLAMA_TREE, *(["--copier"] if copier else [])], check=True)
        part.rename(path)
    return path


def small_model(folder, shape=tiny_chat.TINY):
    """A chat model of one token a byte, made in a moment and without any peer."""
    data = pathlib.Path(folder) / "data"
    checkpoint = tiny_chat.write_checkpoint(pathlib.Path(folder) / "checkpoint", shape)
    subprocess.run([BINARY, "--data", data, "models", "import", checkpoint, "--name", "small"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return data / "models" / "small.gguf"


def llama_tool(name):
    subprocess.run([ROOT / "bench" / "peers" / "setup.sh", "llama-server"], check=True)
    return PEERS / "llama-build" / "bin" / name


def document(words, seed):
    """Pseudo-random English-like words; about a token each."""
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(words))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=1200)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(1200)
        self.sock.connect(self.path)


class Server:
    """One running server; connection() gives a fresh HTTP connection to it."""

    def __init__(self, process, connection):
        self.process, self.connection = process, connection
        atexit.register(process.kill)  # A benchmark that fails leaves nothing behind that would slow down the next.

    def wait_ready(self, limit=120):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = self.connection()
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return self
            time.sleep(0.05)
        raise RuntimeError("the server does not get ready")

    def post(self, path, **body):
        connection = self.connection()
        start = time.perf_counter()
        connection.request("POST", path, json.dumps({"temperature": 0, "ignore_eos": True, **body}),
                           {"Content-Type": "application/json"})
        response = connection.getresponse()
        reply = json.loads(response.read())
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {reply}")
        reply["seconds"] = time.perf_counter() - start
        return reply

    def chat(self, system, user, new, **more):
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return self.post("/v1/chat/completions", messages=messages, max_tokens=new, cache_prompt=True, **more)

    def complete(self, prompt, new, **more):
        return self.post("/v1/completions", prompt=prompt, max_tokens=new, **more)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def ours(path, folder, *args):
    socket_path = pathlib.Path(tempfile.mkdtemp(prefix="docmind-bench-")) / "e.sock"
    log = open(pathlib.Path(folder) / "ours.log", "ab")
    process = subprocess.Popen([BINARY, "engine", "--model", path, "--socket", socket_path, "--threads", str(THREADS),
                                *map(str, args)], stderr=log, stdout=log)
    return Server(process, lambda: UnixConnection(socket_path)).wait_ready()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def llama_server(path, folder, *args):
    port = free_port()
    log = open(pathlib.Path(folder) / "llama-server.log", "ab")
    process = subprocess.Popen([llama_tool("llama-server"), "-m", path, "--host", "127.0.0.1", "--port", str(port), "-t",
                                str(THREADS), "--no-warmup", *map(str, args)], stderr=log, stdout=log)
    return Server(process, lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=1200)).wait_ready()


def fan_out(server, text, new, agents=5, marker=""):
    """Five agents ask about one document at the same moment. (wall seconds, replies)"""
    replies = [None] * agents

    def ask(i):
        replies[i] = server.chat("You answer from the document.\n\n" + text,
                                 f"{ROLES[i % len(ROLES)]} What does the report say about energy? (agent {i}{marker})", new)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(agents)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - start
    if any(reply is None for reply in replies):
        raise RuntimeError("an agent got no answer")
    return wall, replies


def computed(replies):
    return sum(reply["timings"]["prompt_n"] for reply in replies)
