"""Drives the real binary: a library in a temporary folder, commands, a server, JSON out."""
import gzip
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("DOCMIND_BINARY", ROOT / "build" / "docmind"))
FIXTURES = ROOT / "tests" / "fixtures"
# The manuals the development questions are about: name in the questions -> file of a Debian package.
MANUALS = {
    "policy": "/usr/share/doc/debian-policy/policy.pdf.gz",
    "developers-reference": "/usr/share/developers-reference/developers-reference.pdf",
    "debian-faq": "/usr/share/doc/debian/FAQ/debian-faq.en.pdf.gz",
}


def find(path):
    """The file itself or its packed form, as Debian's packages carry now the one, now the other."""
    for candidate in (path, path + ".gz", path.removesuffix(".gz")):
        if os.path.exists(candidate):
            return candidate
    raise FileNotFoundError(f"{path}: is the Debian package installed? ./dev setup does it")


def unpack(source, target):
    source = find(source)
    if source.endswith(".gz"):
        with gzip.open(source) as packed, open(target, "wb") as out:
            shutil.copyfileobj(packed, out)
    else:
        shutil.copyfile(source, target)
    return target


def manuals(folder):
    """The three manuals as PDF files NAME.pdf in folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [unpack(path, folder / f"{name}.pdf") for name, path in MANUALS.items()]


class Finished:
    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{self.args} -> {self.code}\n{self.out[-2000:]}\n{self.err[-4000:]}"


def events(response):
    """The server-sent events of a response as they come: what each of their fields says."""
    event = {}
    for line in response:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field:
            event[field] = value
        elif "event" in event:
            yield event
            event = {}


class DocMindTest(unittest.TestCase):
    """Every test has an empty data directory of its own in self.data and a work folder in self.work."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="docmind-e2e-")
        self.addCleanup(self.folder.cleanup)
        self.work = pathlib.Path(self.folder.name) / "work"
        self.data = pathlib.Path(self.folder.name) / "data"
        self.work.mkdir()
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.work),
            "XDG_RUNTIME_DIR": str(self.folder.name),
            "LANG": "C.UTF-8",
            # One thread for a chat model: beside other tests the threads of a step would wait for each other.
            "DOCMIND_ENGINE__THREADS": "1",
            # A question that is asked twice is answered twice: what gives answers again has test_answer_cache.py.
            "DOCMIND_CACHE__ENABLED": "false",
        }

    def command(self, *args):
        return [str(BINARY), "--data", str(self.data), *map(str, args)]

    def docmind(self, *args, code=0, env=None, timeout=600, prefix=()):
        """Runs a command to its end; fails unless it exits with `code` (None: any)."""
        ran = subprocess.run([*prefix, *self.command(*args)], capture_output=True, timeout=timeout,
                             env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL)
        done = Finished(args, ran.returncode, ran.stdout.decode(errors="replace"), ran.stderr.decode(errors="replace"))
        if code is not None:
            self.assertEqual(done.code, code, done)
        return done

    def start(self, *args, env=None):
        """Starts a command and returns the process; it is killed when the test ends."""
        process = subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def serve(self, *args):
        """Starts a server on a free port; returns (process, address) once it listens."""
        process = self.start("serve", "--port", "0", *args)
        line = process.stdout.readline()
        self.assertRegex(line, r"^listening on http://127\.0\.0\.1:\d+$",
                         lambda: process.stderr.read() if process.poll() is not None else "")
        return process, line.split()[-1]

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0)

    def get(self, address, path):
        """(status, parsed body)"""
        return self.request(urllib.request.Request(address + path))

    def post(self, address, path, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(address + path, data=data, method="POST",
                                         headers={"Content-Type": "application/json", **(headers or {})})
        return self.request(request)

    def request(self, request):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as reply:
                status, body = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode()
        try:
            return status, json.loads(body)
        except json.JSONDecodeError:
            return status, body

    def write(self, name, content):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path
