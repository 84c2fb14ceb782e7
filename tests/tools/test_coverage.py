"""tools/coverage.py counts lines as they ran: also those behind a macro that may return, which llvm-cov says 0 for."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import coverage  # noqa: E402

PROGRAM = """#define TRY(x) __extension__({ int r = (x); if (r < 0) return r; r; })
int down(int n) {
  TRY(n);
  // Why.
  int sum = n;
  TRY(n);
  return sum;
}
int never(int n) {
  TRY(n);
  // Why.
  return n;
}
int main(int count, char**) {
  if (count > 5) {
    return 1;
  }
  const auto more = [](int n) {
    return n + 1;
  };
  return down(more(count)) + down(1) + down(2) == 5 ? 0 : never(1);
}
"""


class Coverage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="docmind-coverage-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "main.cc").write_text(PROGRAM)
        flags = ["-fprofile-instr-generate", "-fcoverage-mapping", "-Wno-gnu"]
        subprocess.run(["clang++-19", *flags, "main.cc", "-o", "a_test"], cwd=self.root, check=True)
        subprocess.run(["./a_test"], cwd=self.root, check=True, env={"LLVM_PROFILE_FILE": str(self.root / "a.profraw")})
        subprocess.run(["llvm-profdata-19", "merge", "-o", "a.profdata", "a.profraw"], cwd=self.root, check=True)

    def test_lines_have_the_count_of_their_code(self):
        told = subprocess.run(["llvm-cov-19", "export", "-instr-profile", "a.profdata", "a_test"], cwd=self.root, check=True, capture_output=True)
        counts = coverage.lines_of(json.loads(told.stdout)["data"][0]["files"][0]["segments"])
        self.assertEqual([counts.get(line) for line in range(2, 9)], [3, 3, None, 3, 3, 3, 3], counts)
        self.assertEqual([counts.get(line) for line in range(9, 14)], [0, 0, None, 0, 0], counts)
        self.assertEqual([counts.get(line) for line in (14, 15, 16, 17, 18, 19)], [1, 1, 0, 0, 1, 1], counts)


if __name__ == "__main__":
    unittest.main()
