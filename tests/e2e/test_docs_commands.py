"""The commands of README.md ("Use it") and docs/runbook.md do what the pages say, with the real binary in an empty home."""
import os
import re
import shutil
import signal
import subprocess
import unittest

import test_import
import tiny_chat
from harness import BINARY, FIXTURES, ROOT, DocMindTest

# What a row's setup in the runbook may call: a server on a free port, once it listens; its address is in $port, its process in $server.
SERVER = """
up() { mkfifo ~/said; docmind serve > ~/said 2>/dev/null & server=$!; exec 9< ~/said; read -r _ _ address <&9; port=${address##*:}; }
"""
COMMENT = re.compile(r"<!--\s*(.*?)\s*-->", re.DOTALL)


class DocsCommands(DocMindTest):
    def setUp(self):
        super().setUp()
        self.home = self.work / "home"
        documents = self.home / "Documents"
        documents.mkdir(parents=True)
        for name in ("boats.md", "guide.txt"):
            shutil.copy(FIXTURES / name, documents)
        (self.work / "bin").mkdir()
        os.symlink(BINARY, self.work / "bin" / "docmind")
        self.environment |= {"HOME": str(self.home), "PATH": f"{self.work}/bin:/usr/bin:/bin", "FIXTURES": str(FIXTURES),
                             "DOCMIND_SERVER__PORT": "0", "DOCMIND_CACHE_SERVER__PORT": "0"}
        del self.environment["DOCMIND_CACHE__ENABLED"]  # The pages speak of the product as it comes.

    def bash(self, script, stdout):
        """In the home, in a process group of its own."""
        return subprocess.Popen(["bash", "-c", script], cwd=self.home, env=self.environment, text=True, start_new_session=True,
                                stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT)

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def shell(self, script):
        """(exit code, what was said) of a script; what it left running is ended with it."""
        log = self.work / "said.txt"  # A file: what goes on running in the background would hold a pipe open.
        with log.open("w") as said:
            process = self.bash(script, said)
            try:
                code = process.wait(120)
            finally:
                self.end(process)
        return code, log.read_text(errors="replace")

    def until_it_is_stopped(self, command):
        process = self.bash("exec " + command, subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.end, process)
        self.assertRegex(process.stdout.readline(), "^listening on http://", command)
        process.terminate()
        self.assertEqual(process.wait(60), 0, command)

    def test_use_it(self):
        shutil.copy(FIXTURES / "stores.pdf", self.home / "Documents" / "old.pdf")
        checkpoint = tiny_chat.write_checkpoint(self.work / "checkpoint")
        code, said = self.shell(f"docmind models import {checkpoint} --name tiny")
        self.assertEqual(code, 0, said)
        section = (ROOT / "README.md").read_text().split("## Use it", 1)[1].split("\n## ", 1)[0]
        rules = dict(line.split(": ", 1) for line in COMMENT.search(section)[1].splitlines()[1:])
        lines = section.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()
        # Where a comment goes on a line has nothing before it.
        commands = [re.split(r"\s{2,}#", line)[0].strip() for line in lines if line.startswith("docmind")]
        self.assertGreater(len(commands), 20)
        before = ""
        for command in commands:
            with self.subTest(command=command):
                rule = rules.get(max((r for r in rules if command.startswith(r)), key=len, default=""), "")
                if rule.startswith("after "):
                    before += rule.removeprefix("after ") + "\n"
                self.run_line(before, command, rule)
        for rule in rules:
            self.assertTrue(any(c.startswith(rule) for c in commands), f"README.md has no command {rule}")

    def run_line(self, before, command, rule):
        for placeholder, value in re.findall(r"([A-Z]\S*) is (\S+?)(?:,|$)", rule):
            command = command.replace(placeholder, value)
        if rule.endswith("until it is stopped"):
            return self.until_it_is_stopped(command)
        code, said = self.shell(before + command)
        self.assertEqual(code, 0, said)

    def test_migration(self):
        page = (ROOT / "docs" / "migration.md").read_text()
        commands = re.findall(r"(?m)^docmind import --from (\S+) ~/(\S+)(.*)$", page)
        self.assertEqual({system for system, _, _ in commands}, set(test_import.MAKE))
        for system, folder, more in commands:
            with self.subTest(system=system, more=more):
                if not (self.home / folder).exists():
                    test_import.MAKE[system](self.home / folder)
                code, said = self.shell(f"docmind import --from {system} ~/{folder}{more}")
                self.assertEqual(code, 0 if "--dry-run" in more else 3, said)  # Something of each is left out.
                self.assertIn("left out", said)

    def test_runbook(self):
        rows = [line for line in (ROOT / "docs" / "runbook.md").read_text().splitlines() if line.startswith("| ") and "<!--" in line]
        self.assertGreater(len(rows), 15)
        code, said = self.shell("docmind ingest ~/Documents")
        self.assertEqual(code, 0, said)
        template = self.work / "template"
        shutil.copytree(self.home, template)
        ran = 0
        for row in rows:
            symptom, command, says, _ = (cell.strip() for cell in row.strip("|").split(" | "))
            rule = re.fullmatch(r"(?:(not run): .+|run (\d+)(?:: (.+))?)", COMMENT.search(command)[1])
            self.assertTrue(rule, f"{symptom}: neither run nor a reason why not")
            if rule[1]:
                continue
            with self.subTest(symptom=symptom):
                shutil.rmtree(self.home)
                shutil.copytree(template, self.home)
                code, said = self.shell(f"{SERVER}\n{rule[3] or ''}\n{re.search('`([^`]+)`', command)[1]}")
                self.assertEqual(code, int(rule[2]), said)
                for words in re.findall("`([^`]+)`", says):
                    self.assertRegex(said, ".*".join(map(re.escape, words.split("…"))))
            ran += 1
        self.assertGreater(ran, 15)


if __name__ == "__main__":
    unittest.main()
