"""tools/audit: this tree and this binary hold, and a planted secret and a binary without each protection are found."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HARD = ["-O2", "-fPIE", "-pie", "-fstack-protector-all", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now,-z,noexecstack"]
PROGRAM = '#include <stdio.h>\n#include <string.h>\nint main(int n, char** a) { char b[64]; strcpy(b, a[0]); return printf("%s%d", b, n) < 0; }\n'


class Audit(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="docmind-audit-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name) / "tree"
        self.root.mkdir()
        (self.root / "plain.txt").write_text("nothing here\n")
        (self.root / "picture").write_bytes(bytes(range(256)))

    def binary(self, *without, add=()):
        source, out = self.root.parent / "main.c", self.root.parent / "program"
        source.write_text(PROGRAM)
        subprocess.run(["clang-19", *[flag for flag in HARD if flag not in without], *add, source, "-o", out], check=True)
        return out

    def audit(self, binary, root=None):
        ran = subprocess.run([sys.executable, ROOT / "tools/audit", "--root", root or self.root, "--binary", binary], capture_output=True, text=True)
        self.assertEqual(ran.stderr, "")
        return ran.returncode, ran.stdout

    def test_a_tree_without_secrets_and_a_hardened_binary(self):
        code, said = self.audit(self.binary())
        self.assertEqual(code, 0, said)
        self.assertIn("ok        no secret in 2 files", said)
        self.assertIn("program: position-independent", said)
        self.assertIn("not seen  known vulnerabilities", said)

    def test_this_tree(self):
        code, said = self.audit(self.binary(), ROOT)
        self.assertEqual(code, 0, said)

    def test_secrets_are_found_with_their_line(self):
        binary = self.binary()
        # In pieces, so that this file has none of them.
        for what, secret in (("a private key", "-----BEGIN RSA " + "PRIVATE KEY-----"), ("an Amazon key", "AK" + "IA" + "Q" * 16),
                             ("a GitHub token", "gh" + "p_" + "a1" * 18), ("a Hugging Face token", "h" + "f_" + "a" * 34),
                             ("a key of DocMind", "dm" + "k_" + "A1-_" * 11), ("a password in an address", "postgres://ana:" + "correct-horse@db/x")):
            (self.root / "settings.py").write_text(f"a = 1\nb = '{secret}'\n")
            code, said = self.audit(binary)
            self.assertEqual(code, 1, what)
            self.assertIn(f"CRITICAL  settings.py:2: {what}", said)
            (self.root / "settings.py").write_text(f"b = '{secret}'  # audit: no secret\n")
            self.assertEqual(self.audit(binary)[0], 0, what)

    def test_each_protection_is_missed(self):
        for flags, add, what in ((["-fPIE", "-pie"], ["-fno-pie", "-no-pie"], "position-independent"),
                                 (HARD[5:], ["-Wl,-z,norelro,-z,now"], "relocations read-only"), (HARD[5:], ["-Wl,-z,relro,-z,lazy"], "all bound at start"),
                                 (HARD[5:], ["-Wl,-z,relro,-z,now,-z,execstack"], "stack is not executable"),
                                 (["-fstack-protector-all"], ["-fno-stack-protector"], "stack protector"),
                                 (["-D_FORTIFY_SOURCE=2"], ["-U_FORTIFY_SOURCE"], "checked calls")):
            code, said = self.audit(self.binary(*flags, add=add))
            self.assertEqual(code, 1, what)
            self.assertRegex(said, f"CRITICAL  program: not {what}")
        code, said = self.audit(self.root / "absent")
        self.assertEqual(code, 1)
        self.assertIn("./dev build", said)


if __name__ == "__main__":
    unittest.main()
