"""Real model servers for the peers tier (a vLLM on the CPU, an Ollama, a llama-server), and docmind before them.

Each is set up by bench/peers/setup.sh at its first use (minutes, from the registries). What they say goes to
$TMPDIR/docmind-peer-NAME.log."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "bench")]
import chat_servers  # noqa: E402
from figures import PEERS  # noqa: E402
from harness import DocMindTest  # noqa: E402
from server import family  # noqa: E402
from test_chat import processor_seconds  # noqa: E402
from test_engine import engines_of, wait_for  # noqa: E402

SETUP = ROOT / "bench/peers/setup.sh"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def read(address, body=None):
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with OPENER.open(request, timeout=600) as reply:
        return reply.read().decode()


def answers(address):
    try:
        return read(address) is not None
    except OSError:
        return False


class Peer:
    """A server that runs until stop(), on one port however often it is started."""
    host = "127.0.0.1"
    prefix = ()  # What its command is started by: in a network namespace.
    setting = "vllm"  # The backend of docmind's that it can be; any server with OpenAI's API is vllm.
    health = "/health"
    metric = None  # How many texts it writes now, in its own figures.

    def __init__(self):
        self.port = chat_servers.free_port()
        self.process = None

    @property
    def name(self):
        return type(self).__name__

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def launch(self, command, environment=None, patience=300):
        path = pathlib.Path(tempfile.gettempdir()) / f"docmind-peer-{self.name}.log"
        with open(path, "ab") as log:  # A session of its own: what it started ends with it.
            self.process = subprocess.Popen([*self.prefix, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True, env={**os.environ, **(environment or {})})
        wait_for(lambda: answers(self.url + self.health) or self.process.poll() is not None, patience)
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}; see {path}")
        return self

    def running(self):
        if self.metric is None:
            return None
        found = re.search(rf"^{self.metric}(?:{{[^}}]*}})? (\S+)", read(self.url + "/metrics"), re.M)
        return int(float(found.group(1)))

    def workers(self):
        """The processes that compute, where they are not the server itself."""
        return [one for one in family(self.pid) if one != self.pid]

    def kill(self):
        """As the kernel does when memory is short: the server and all it started, without a word."""
        for one in family(self.pid):
            os.kill(one, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None:
            return
        try:
            os.killpg(self.pid, signal.SIGTERM)  # All of them: strace before one passes no signal on.
            self.process.wait(30)
            os.killpg(self.pid, signal.SIGKILL)  # What outlived the server.
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def vllm_checkpoint():
    """The tiny shape as vLLM reads it, made once."""
    path = PEERS / "models/qwen3-tiny-hf"
    if not (path / "config.json").exists():
        subprocess.run([PEERS / "vllm/bin/python", ROOT / "bench/peers/make_qwen3_hf.py", path, "--llama-cpp",
                        PEERS / "llama.cpp", "--shape", "tiny"], check=True)
    return path


class Vllm(Peer):
    metric = "vllm:num_requests_running"
    served = "docmind-qwen3-tiny"

    def start(self):
        subprocess.run([SETUP, "vllm"], check=True)
        return self.launch(
            [PEERS / "vllm/bin/vllm", "serve", vllm_checkpoint(), "--served-model-name", self.served, "--host", "127.0.0.1",
             "--port", str(self.port), "--max-model-len", "4096", "--enforce-eager", "--enable-prompt-tokens-details",
             "--enable-auto-tool-choice", "--tool-call-parser", "hermes"],
            {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
             "VLLM_NO_USAGE_STATS": "1"})


class LlamaServer(Peer):
    metric = "llamacpp:requests_processing"

    def __init__(self, model=None, slots=2, threads=2):
        super().__init__()
        self.model = model or chat_servers.model("tiny")
        self.slots, self.threads = slots, threads
        self.served = f"peer-{self.model.stem}"

    def start(self):
        subprocess.run([SETUP, "llama-server"], check=True)
        return self.launch([chat_servers.llama_tool("llama-server"), "-m", self.model, "--alias", self.served, "--host",
                            self.host, "--port", str(self.port), "-t", str(self.threads), "-c",
                            str(4096 * self.slots), "-np", str(self.slots), "--jinja", "--metrics"])


class Ollama(Peer):
    setting = "ollama"
    health = "/api/version"

    def __init__(self, model=None, threads=2):
        super().__init__()
        self.model = model or chat_servers.model("tiny")
        self.threads = threads
        self.served = f"docmind-{self.model.stem}-{threads}"

    def start(self):
        subprocess.run([SETUP, "ollama"], check=True)
        environment = {"OLLAMA_HOST": f"127.0.0.1:{self.port}", "OLLAMA_MODELS": str(PEERS / "ollama-models")}
        self.launch([PEERS / "bin/ollama", "serve"], environment, 60)
        with tempfile.NamedTemporaryFile("w", suffix=".Modelfile") as file:
            file.write(f"FROM {self.model}\nPARAMETER num_ctx 4096\nPARAMETER num_thread {self.threads}\n")
            file.flush()
            subprocess.run([PEERS / "bin/ollama", "create", self.served, "-f", file.name], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        return self


class Product(DocMindTest):
    """docmind with a data directory of its own: `with Product() as product: _, address = product.serve(...)`."""

    def __init__(self, threads=2):
        super().__init__()
        self.threads = threads

    def runTest(self):
        raise NotImplementedError("it is driven, not run")

    def __enter__(self):
        self.setUp()
        self.environment["DOCMIND_ENGINE__THREADS"] = str(self.threads)
        # Nobody reads its standard error, which would fill up.
        self.environment["DOCMIND_LOG__FILE"] = str(self.work.parent / "docmind.log")
        self.environment["DOCMIND_LOG__FORMAT"] = "json"
        return self

    def __exit__(self, *_):
        self.doCleanups()

    def log(self):
        path = self.work.parent / "docmind.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def ready(self, *args):
        """A server whose models have answered."""
        process, address = self.serve(*args)
        wait_for(lambda: self.get(address, "/health/ready")[0] == 200)
        return process, address

    def backends(self, address):
        status, body = self.get(address, "/api/backends")
        self.assertEqual(status, 200, body)
        return {one["name"]: one for one in body["backends"]}

    def figure(self, address, name, **labels):
        """The sum of a figure of /metrics over all that have these labels."""
        _, text = self.get(address, "/metrics")
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if re.match(rf"{name}[ {{]", line) and all(one in line for one in wanted))

    def chat_engine(self, process, model):
        """The process of our engine that has this model; None while there is none."""
        found = [pid for pid in engines_of(process.pid, computed=-1)
                 if os.fsencode(model) in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
        return found[0] if found else None
