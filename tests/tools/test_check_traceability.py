"""tools/check_traceability.py: the page as it is holds, and each way in which it could be untrue is seen."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TEST = "#include <gtest/gtest.h>\nTEST(Retry, Waits) {}\nTEST_F(Guard, Holds) {}\n"
GOOD = "| `REQ-1` `a test` | retries | H1 | `src/resilience` | `resilience/Retry.*`, `e2e/crash`, `bench load`, `peers kills` |"
ABSENT = "| `REQ-2` | a card | B4 | | not on this machine: no card |"


class CheckTraceability(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="docmind-traceability-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name, text in {"src/ROOMS": "# rooms\nresilience: base\n", "src/resilience/impl/retry_test.cc": TEST,
                           "tools/specification_ids.txt": "# ids\nREQ-1\na test\nREQ-2\n", "tests/e2e/test_crash.py": "",
                           "tests/e2e/web/test_chat.mjs": "", "bench/load.py": "", "tests/peers/kills.py": ""}.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        (self.root / "docs").mkdir()

    def check(self, *rows):
        (self.root / "docs/traceability.md").write_text("| name | asks for | ours | where | shown by |\n|---|---|---|---|---|\n" + "\n".join(rows))
        ran = subprocess.run([sys.executable, ROOT / "tools/check_traceability.py", self.root], capture_output=True, text=True)
        self.assertEqual(ran.stderr, "")
        return ran.returncode, ran.stdout

    def test_what_holds(self):
        self.assertEqual(self.check(GOOD, ABSENT), (0, "3 ids of the specifications are traced\n"))
        self.assertEqual(self.check(GOOD, ABSENT.replace("not on", "`e2e/web_chat`, `resilience/Guard.Holds`; not on"))[0], 0)

    def test_what_does_not(self):
        for rows, fault in (
            ((GOOD,), "REQ-2 is there 0 times"),
            ((GOOD, ABSENT, ABSENT), "REQ-2 is there 2 times"),
            ((GOOD, ABSENT.replace("REQ-2` ", "REQ-2` `REQ-3` ")), "REQ-3 is no id"),
            ((GOOD.replace("Retry.*", "Retry.Sleeps"), ABSENT), "there is no test resilience/Retry.Sleeps"),
            ((GOOD.replace("Retry.*", "Retries.*"), ABSENT), "there is no test resilience/Retries.*"),
            ((GOOD.replace("e2e/crash", "e2e/crush"), ABSENT), "there is no test e2e/crush"),
            ((GOOD.replace("bench load", "bench lead"), ABSENT), "there is no test bench lead"),
            ((GOOD.replace("peers kills", "peers kisses"), ABSENT), "there is no test peers kisses"),
            ((GOOD.replace("src/resilience", "src/luck"), ABSENT), "src/luck is not there"),
            ((GOOD.replace("H1", "H4"), ABSENT), "there is no requirement H4"),
            ((GOOD.replace("H1", ""), ABSENT), "names no requirement"),
            ((GOOD, ABSENT.replace(": no card", ":")), "is neither a test nor"),
            ((GOOD, ABSENT.replace("not on this machine: no card", "surely")), "is neither a test nor"),
            ((GOOD, ABSENT.replace("not on this machine: no card", "")), "says nothing that shows it"),
            ((GOOD, ABSENT.replace("| a card", "")), "cells where 5 belong"),
        ):
            with self.subTest(fault=fault, rows=rows):
                code, said = self.check(*rows)
                self.assertEqual(code, 1, said)
                self.assertIn(fault, said)

    def test_the_page_as_it_is(self):
        ran = subprocess.run([sys.executable, ROOT / "tools/check_traceability.py"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout)


if __name__ == "__main__":
    unittest.main()
