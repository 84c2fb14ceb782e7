#!/usr/bin/python3
"""What a vLLM does as far as whoever starts it can see, for tests of that: it lists its flags, listens on its port, answers,
has metrics and a second process, and ends for want of memory when its window is larger than "fits" in the model's
config.json. Installed as `vllm` by install()."""
import http.server
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
METRICS = """# HELP python_info Python platform information
# TYPE python_info gauge
python_info{version="3.11"} 1.0
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="docmind-qwen3-fp8"} 0.0
"""


def install(folder):
    """Puts the program into folder; returns its path."""
    folder.mkdir(parents=True)
    shutil.copyfile(__file__, folder / "vllm")
    shutil.copyfile(ROOT / "src/llm/vllm/testdata/serve_help_0.32.0.txt", folder / "help.txt")
    (folder / "vllm").chmod(0o755)
    return folder / "vllm"


def flag(words, name):
    return words[words.index(name) + 1]


class Handler(http.server.BaseHTTPRequestHandler):
    window, model = 0, ""

    def reply(self, body, status=200, kind="application/json"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refused(self):
        if self.headers.get("Authorization") == "Bearer " + os.environ.get("VLLM_API_KEY", ""):
            return False
        if "VLLM_API_KEY" not in os.environ:
            return False
        self.reply('{"error":"Unauthorized"}', 401)
        return True

    def do_GET(self):
        if self.path == "/health":
            self.reply("")
        elif self.path == "/metrics":
            self.reply(METRICS, kind="text/plain")
        elif self.path == "/version":
            self.reply('{"version":"0.32.0"}')
        elif self.path == "/v1/models":
            self.refused() or self.reply(json.dumps({"object": "list", "data": [
                {"id": self.model, "object": "model", "owned_by": "vllm", "max_model_len": self.window}]}))
        else:
            self.reply("{}", 404)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/v1/chat/completions":
            self.reply("{}", 404)
        elif not self.refused():
            self.reply(json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": self.model, "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Aye."}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}))

    def log_message(self, *_):
        pass


def serve(words):
    config = json.loads((pathlib.Path(words[1]) / "config.json").read_text())
    Handler.window, Handler.model = int(flag(words, "--max-model-len")), flag(words, "--served-model-name")
    if Handler.window > config.get("fits", 1 << 20):
        print(f"ValueError: To serve at least one request with the model's max seq len ({Handler.window}), (18.0 GiB KV "
              "cache is needed, which is larger than the available KV cache memory (9.0 GiB).", file=sys.stderr)
        print("RuntimeError: Engine core initialization failed. See root cause above.", file=sys.stderr)
        sys.exit(1)
    # It has nothing to do with its parent's end, like vLLM's.
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100000)"])
    signal.signal(signal.SIGTERM, lambda *_: (helper.kill(), os._exit(0)))
    http.server.ThreadingHTTPServer((flag(words, "--host"), int(flag(words, "--port"))), Handler).serve_forever()


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        print("0.32.0")
    elif sys.argv[1:] == ["serve", "--help=all"]:
        print((pathlib.Path(__file__).parent / "help.txt").read_text())
    else:
        serve(sys.argv[1:])
