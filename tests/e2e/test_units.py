"""The systemd units of deploy/systemd: systemd itself finds no fault with them, and they give little away."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import tiny_chat
from harness import BINARY, FIXTURES, ROOT, DocMindTest

UNITS = sorted((ROOT / "deploy/systemd").iterdir())
MOST_EXPOSED = {"docmind-vllm.service": 2.0}  # Cards and kernels that are compiled while it runs.
ELSE = 1.5


def lines(unit):
    """{key: [values]} of all sections."""
    out = {}
    for key, value in re.findall(r"(?m)^(\w+)=(.*)$", unit.read_text()):
        out.setdefault(key, []).append(value)
    return out


class Units(unittest.TestCase):
    def setUp(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze here: ./dev setup installs Debian's systemd")
        folder = tempfile.TemporaryDirectory(prefix="docmind-units-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        # A program that is there: verify wants it. Nobody of that name need be here: it does not look for users.
        for unit in UNITS:
            text = unit.read_text().replace("=/usr/bin/docmind", f"={BINARY}")
            text = text.replace("=/usr/share/docmind/deploy", f"={ROOT}/deploy")
            (self.folder / unit.name).write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))

    def analyze(self, *args):
        ran = subprocess.run(["systemd-analyze", *args], capture_output=True, text=True, timeout=60)
        return ran.returncode, ran.stdout, ran.stderr

    def test_systemd_finds_no_fault(self):
        self.assertGreaterEqual(len(UNITS), 4)
        code, _, said = self.analyze("verify", "--man=no", *(str(self.folder / unit.name) for unit in UNITS))
        # Those two came with systemd 254, after Debian 12's: it does without.
        said = [line for line in said.splitlines() if not re.search("vllm.service.*'(RestartSteps|RestartMaxDelaySec)'", line)]
        self.assertEqual((code, said), (0, []))

    def test_a_fault_would_be_found(self):
        unit = self.folder / "docmind.service"
        unit.write_text(unit.read_text().replace("WatchdogSec=60", "WatchdogSeconds=60"))
        _, _, said = self.analyze("verify", "--man=no", str(unit))
        self.assertIn("WatchdogSeconds", said)

    def test_little_is_given_away(self):
        for unit in UNITS:
            if unit.suffix != ".service":
                continue
            with self.subTest(unit=unit.name):
                most = MOST_EXPOSED.get(unit.name, ELSE)
                code, out, said = self.analyze("security", "--offline=true", f"--threshold={round(most * 10)}",
                                               str(self.folder / unit.name))
                self.assertEqual(code, 0, out + said)
                level = float(re.search(r"Overall exposure level .*: ([\d.]+)", out)[1])
                self.assertLessEqual(level, most)

    def test_the_drop_in_for_a_card_gives_little_away_either(self):
        drop_in = re.search(r"(?s)```\n(\[Service\]\n.*?)```", (ROOT / "docs/install.md").read_text())[1]
        self.assertIn("char-nvidia", drop_in)
        unit = self.folder / "docmind.service"
        unit.write_text(unit.read_text() + drop_in)
        self.assertEqual(self.analyze("verify", "--man=no", str(unit)), (0, "", ""))
        code, out, _ = self.analyze("security", "--offline=true", "--threshold=20", str(unit))
        self.assertEqual(code, 0, out)
        self.assertIn(re.search(r"level for docmind.service: ([\d.]+)", out)[1] + " of 10 then", (ROOT / "docs/install.md").read_text())

    def test_an_open_unit_would_be_found(self):
        unit = self.folder / "bare.service"
        unit.write_text("[Service]\nExecStart=/bin/true\n")
        code, _, _ = self.analyze("security", "--offline=true", "--threshold=20", str(unit))
        self.assertNotEqual(code, 0)

    def test_they_start_again(self):
        for unit in UNITS:
            if unit.suffix != ".service":
                continue
            with self.subTest(unit=unit.name):
                said = lines(unit)
                self.assertEqual((said["Restart"], said["RestartSec"], said["LimitNOFILE"]), (["always"], ["5"], ["65536"]))

    def test_the_server_tells_how_it_is(self):
        said = lines(ROOT / "deploy/systemd/docmind.service")
        self.assertEqual((said["Type"], said["WatchdogSec"]), (["notify"], ["60"]))
        self.assertEqual(said["RestartPreventExitStatus"], ["78"])  # cli/exit_code.h: wrong settings.
        self.assertIn("MemoryMax", said)


class WithinTheLimits(DocMindTest):
    """The program does its work within what the server's unit leaves it (unit_limits.py says what of that)."""

    UNIT = ROOT / "deploy/systemd/docmind.service"

    def setUp(self):
        super().setUp()
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze here: ./dev setup installs Debian's systemd")

    def command(self, *args):
        return self.limited(*super().command(*args))

    def limited(self, *command):
        return [sys.executable, str(ROOT / "tests/e2e/unit_limits.py"), str(self.UNIT), *command]

    def test_the_limits_are_there(self):
        for forbidden in ("import mmap; mmap.mmap(-1, 4096, prot=7)", "import socket; socket.socket(socket.AF_PACKET)",
                          "import os; os.chroot('/')", "import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare(0x20000))"):
            ran = subprocess.run(self.limited(sys.executable, "-c", forbidden), capture_output=True, text=True)
            self.assertNotEqual(ran.returncode, 0, forbidden)
        ran = subprocess.run(self.limited(sys.executable, "-c", "import socket; socket.socket(socket.AF_INET)"), capture_output=True)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_documents_are_read_and_questions_answered(self):
        checkpoint = tiny_chat.write_checkpoint(self.work / "checkpoint")
        self.docmind("models", "import", checkpoint, "--name", "tiny")
        files = [shutil.copy(FIXTURES / name, self.work) for name in ("stores.pdf", "boats.md", "guide.txt")]
        process, address = self.serve("--model", "tiny")
        self.assertEqual(self.docmind("ingest", *files, "--json").json["failed"], [])
        self.docmind("ask", "What is kept in the stores?", "--json")
        status, said = self.post(address, "/v1/chat/completions", {"model": "tiny", "max_tokens": 4,
                                                                   "messages": [{"role": "user", "content": "Hello"}]})
        self.assertEqual(status, 200, said)
        documents = self.get(address, "/api/documents")[1]["documents"]
        pdf = next(one["document_id"] for one in documents if one["document"].endswith(".pdf"))
        with urllib.request.urlopen(f"{address}/api/documents/{pdf}/pages/1") as picture:
            self.assertTrue(picture.read().startswith(b"\x89PNG"))
        subprocess.run(self.command("chat", "--session", "stores"), input="What is kept in the stores?\n", text=True, timeout=120,
                       env=self.environment, capture_output=True, check=True)
        with (self.work / "stores.pdf").open("wb") as printed:
            subprocess.run(self.command("sessions", "export", "stores", "--format", "pdf"), stdout=printed, timeout=120,
                           env=self.environment, check=True)
        self.assertTrue((self.work / "stores.pdf").read_bytes().startswith(b"%PDF-"))
        self.docmind("config", "set", "search.k", "20")
        self.docmind("doctor")
        self.stop(process)
        self.assertNotRegex(process.stderr.read(), "(?i)not permitted|permission denied")


if __name__ == "__main__":
    unittest.main()
