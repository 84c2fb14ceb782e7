"""What `./dev run` shows once everything is built: it reads the sample library, serves, answers, and ends by itself."""
import os
import subprocess
import unittest

from harness import ROOT


class Demo(unittest.TestCase):
    def test_answers_and_stops_without_a_terminal(self):
        run = subprocess.run([ROOT / "tools" / "demo"], capture_output=True, text=True, timeout=300,
                             stdin=subprocess.DEVNULL, env={**os.environ, "CI": "true"})
        self.assertEqual(run.returncode, 0, run)
        self.assertRegex(run.stdout, r"listening on http://127\.0\.0\.1:\d+")
        self.assertIn("ARCHITECTURE.md", run.stdout)
        self.assertRegex(run.stdout, r"\[1\]")


if __name__ == "__main__":
    unittest.main()
