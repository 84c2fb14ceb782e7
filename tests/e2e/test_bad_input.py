"""Every kind of bad file fails alone, with one line that says why, and the good ones go through."""
import os
import pathlib
import subprocess
import sys
import threading
import unittest

from harness import FIXTURES, DocMindTest, find
from test_contracts import MARKDOWN


class BadInput(DocMindTest):
    def reason(self, path, **options):
        """Ingests one good file and the bad one; returns the reason given for the bad one."""
        good = self.write("good.md", MARKDOWN)
        summary = self.docmind("ingest", good, path, "--json", code=3, **options).json
        self.assertEqual([f["path"] for f in summary["failed"]], [str(path)])
        self.assertEqual(summary["documents"], 1)
        self.assertEqual([d["document"] for d in self.docmind("library", "--json").json["documents"]], [str(good)])
        reason = summary["failed"][0]["error"]
        self.assertNotIn("\n", reason)
        return reason

    def test_not_a_document(self):
        self.assertRegex(self.reason(self.write("x.bin", os.urandom(4096))), "not a document|not text")

    def test_picture(self):
        self.assertRegex(self.reason(self.write("x.png", b"\x89PNG\r\n\x1a\n" + os.urandom(500))), "not a document|picture")

    def test_empty(self):
        self.assertIn("empty", self.reason(self.write("x.txt", b"")))

    def test_blank(self):
        self.assertRegex(self.reason(self.write("x.txt", b" \n\n \t\n")), "no text|empty")

    def test_binary_with_a_text_name(self):
        self.assertIn("not text", self.reason(self.write("x.txt", bytes(range(256)) * 20)))

    def test_truncated_pdf(self):
        whole = pathlib.Path(find("/usr/share/developers-reference/developers-reference.pdf")).read_bytes()
        self.assertRegex(self.reason(self.write("x.pdf", whole[: len(whole) // 3])), "broken|damaged|cut|truncated")

    def test_password_pdf(self):
        self.assertIn("password", self.reason(self.write("x.pdf", (FIXTURES / "bad" / "password.pdf").read_bytes())))

    def test_pdf_in_name_only(self):
        self.assertTrue(self.reason(self.write("x.pdf", b"%PDF-1.7\n" + b"garbage " * 400)))

    def test_two_hundred_megabytes_of_text(self):
        line = b"The quick brown fox jumps over the lazy dog and goes on its way.\n"
        path = self.write("x.txt", line * (200 * 1024 * 1024 // len(line)))
        self.assertRegex(self.reason(path), "MiB")

    def test_unreadable(self):
        path = self.write("x.md", MARKDOWN)
        if os.geteuid() == 0:  # root reads everything: a folder that denies search to another user's process
            self.data.mkdir()
            os.chmod(self.folder.name, 0o755)
            for owned in (self.work, self.data):
                os.chown(owned, 65534, 65534)
            os.chmod(path, 0)
            good = self.write("good.md", MARKDOWN)
            os.chmod(good, 0o644)
            run = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                                  *self.command("ingest", good, path, "--json")], capture_output=True,
                                 env={**self.environment, "XDG_RUNTIME_DIR": str(self.work)}, text=True)
            self.assertEqual(run.returncode, 3, run)
            self.assertRegex(run.stdout, "permission|may not be read")
        else:
            os.chmod(path, 0)
            self.assertRegex(self.reason(path), "permission|may not be read")

    def test_missing_path_beside_a_good_one(self):
        self.assertIn("no such", self.reason(self.work / "nowhere.md").lower())

    def test_changing_while_it_is_read(self):
        path = self.write("x.txt", b"word " * 24_000_000)  # long enough to be caught at
        stop = threading.Event()

        def scribble():
            with open(path, "r+b") as file:
                while not stop.is_set():
                    file.seek(0)
                    file.write(os.urandom(1).hex().encode())
                    file.flush()
                    os.utime(path)

        thread = threading.Thread(target=scribble)
        thread.start()
        try:
            self.assertRegex(self.reason(path), "chang")
        finally:
            stop.set()
            thread.join()

    def test_a_folder_without_documents(self):
        self.write("sub/.hidden.md", MARKDOWN)
        self.assertEqual(self.docmind("ingest", self.work, "--json").json["documents"], 0)

    def test_a_pipe_and_a_link_loop_do_not_hang(self):
        self.write("good.md", MARKDOWN)
        os.mkfifo(self.work / "pipe.md")
        os.symlink(self.work, self.work / "loop")
        summary = self.docmind("ingest", self.work, "--json", code=None, timeout=60).json
        self.assertEqual(summary["documents"], 1)

    def test_disk_full(self):
        if os.geteuid() != 0:
            print("skipped: a small disk of one's own needs root", file=sys.stderr)
            sys.exit(77)
        self.data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "docmind-test", self.data], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.data], check=True)
        self.docmind("ingest", self.write("small.md", MARKDOWN))
        big = self.work / "big.txt"
        big.write_text("\n\n".join(f"Sentence number {i} is about the {i * 7919 % 100003}th thing." for i in range(60_000)))
        failed = self.docmind("ingest", big, "--json", code=1).json["failed"]
        self.assertRegex(failed[0]["error"], "space")
        self.assertIn("24 metres", self.docmind("ask", "How tall is the main mast?", "--json").json["answer"])
        self.assertEqual(self.docmind("library", "--json").json["documents"][0]["document"], str(self.work / "small.md"))

    def test_read_only_data_directory(self):
        self.data.write_text("a file where a folder was meant")
        done = self.docmind("library", code=1)
        self.assertIn(str(self.data), done.err)


if __name__ == "__main__":
    unittest.main()
