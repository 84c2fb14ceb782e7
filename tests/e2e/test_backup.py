"""Backup, restore and rollback of the real binary: while a server reads documents, killed at random moments, damaged, undone."""
import os
import pathlib
import random
import subprocess
import sys
import threading
import time
import unittest

from harness import DocMindTest, manuals

QUESTION = "How tall is the main mast?"
MARKDOWN = "# 船\n\nThe main mast is 24 metres tall. The supply boat comes on Tuesday.\n"
NIGHTLY = os.environ.get("NIGHTLY") == "1"
KILLS = 300 if NIGHTLY else 12


class Backup(DocMindTest):
    def setUp(self):
        super().setUp()
        self.data = pathlib.Path(self.folder.name) / "数据"
        self.backup = pathlib.Path(self.folder.name) / "备份"
        self.config = self.work / ".config" / "docmind" / "docmind.yaml"
        self.write("文档/船.md", MARKDOWN)

    def beside(self, kind):
        return sorted(p for p in self.data.parent.iterdir() if p.name.startswith(self.data.name + kind))

    def names(self):
        return sorted(d["document"] for d in self.docmind("library", "--json").json["documents"])

    def claims(self):
        answer = self.docmind("ask", QUESTION, "--json").json
        return answer["answer"], [c["citations"] for c in answer["claims"]]

    def settings(self, text):
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def test_into_an_empty_folder_it_answers_with_the_same_citations(self):
        self.settings("search:\n  k: 7\n")
        for manual in manuals(self.work / "manuals")[0 if NIGHTLY else -1:]:
            pathlib.Path(manual).rename(self.work / "文档" / pathlib.Path(manual).name)
        self.docmind("ingest", self.work / "文档")
        self.docmind("keys", "add", "--scope", "ask", "--name", "电话")
        self.docmind("templates", "add", "built", "When was {ship} built?")
        said = self.claims()
        made = self.docmind("backup", self.backup, "--json").json
        documents = 4 if NIGHTLY else 2
        self.assertEqual((made["documents"], made["path"]), (documents, str(self.backup)))
        keys = self.docmind("keys", "list", "--json").json

        old, self.data = self.data, pathlib.Path(self.folder.name) / "elsewhere"
        self.config.unlink()
        start = time.monotonic()
        restored = self.docmind("restore", self.backup, "--settings", "--json").json
        process, address = self.serve()
        self.assertEqual(self.claims(), said)
        seconds = time.monotonic() - start
        print(f"restore, start and the first answer: {seconds:.2f} s for {made['bytes'] / 2**20:.1f} MiB, "
              f"of which restore {restored['seconds']:.2f} s; backup {made['seconds']:.2f} s")
        self.assertLess(seconds, 300)
        self.stop(process)
        self.assertEqual((restored["documents"], restored["before"], restored["settings"]),
                         (documents, None, [str(self.config)]))
        self.assertEqual(self.beside("."), [])
        answer = self.write("answer.json", self.docmind("ask", QUESTION, "--json").out)
        self.assertTrue(self.docmind("verify", answer, "--json").json["holds"])
        self.assertEqual(self.docmind("keys", "list", "--json").json, keys)
        self.assertIn("built", [t["name"] for t in self.docmind("templates", "list", "--json").json["templates"]])
        self.assertEqual(self.docmind("config", "get", "search.k").out, "7\n")
        here = self.docmind("library", "--hash", "--json").json["content_hash"]
        self.data = old
        self.assertEqual(self.docmind("library", "--hash", "--json").json["content_hash"], here)

    def test_while_a_server_reads_and_answers(self):
        self.docmind("ingest", self.work / "文档")
        process, address = self.serve()
        for i in range(60):
            self.write(f"more/{i}.md", f"# Note {i}\n\nThe note number {i} says that crane {i * 37} lifts {i + 2} tonnes.\n")
        reading = threading.Thread(target=self.docmind, args=("ingest", self.work / "more"))
        reading.start()
        backups = []
        while reading.is_alive() or not backups:
            path = pathlib.Path(self.folder.name) / f"b{len(backups)}"
            before = len(self.names())
            backups.append((path, before, self.docmind("backup", path, "--json").json["documents"]))
            self.assertEqual(self.post(address, "/api/ask", {"question": QUESTION})[0], 200)
        reading.join()
        refused = self.docmind("restore", backups[0][0], code=1)
        self.assertRegex(refused.err, r"is held by process \d+[^\n]*\n +Stop that docmind first")
        self.stop(process)
        print(f"{len(backups)} backups while a server read: documents {[b[2] for b in backups]}")
        for path, before, documents in backups:
            self.assertGreaterEqual(documents, before)  # What was acknowledged is in it.
            self.data = pathlib.Path(self.folder.name) / ("r" + path.name)
            self.docmind("restore", path)
            self.assertEqual(len(self.names()), documents)
            self.assertIn("24 metres", self.claims()[0])

    def test_killed_at_any_moment_the_old_or_the_new_one_is_there(self):
        self.docmind("ingest", self.work / "文档")
        old = self.names()
        self.docmind("backup", self.backup)
        self.docmind("ingest", self.write("later.md", "# Later\n\nThe ferry has three decks.\n"))
        new = self.names()
        start = time.monotonic()
        probe = self.docmind("restore", self.backup)
        whole = time.monotonic() - start
        self.assertIn("is in place", probe.out)
        self.docmind("rollback", "data", "--to", self.beside(".before-restore-")[0].name)
        self.assertEqual(self.names(), new)
        rng = random.Random(7)
        found = {"old": 0, "new": 0}
        for _ in range(KILLS):
            running = subprocess.Popen(self.command("restore", self.backup), env=self.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                running.wait(rng.uniform(0.3, 1.3) * whole)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            self.assertEqual(self.docmind("ask", QUESTION, "--json").json["status"], "answered")
            names = self.names()
            self.assertIn(names, (old, new))
            found["old" if names == old else "new"] += 1
            if names == old:  # Back to where both differ.
                self.docmind("ingest", self.work / "later.md")
        print(f"{KILLS} kills within {whole * 1.3:.3f} s: {found['new']} times the data in use stayed, "
              f"{found['old']} times the backup was in place")
        self.docmind("restore", self.backup)
        self.assertEqual(self.beside(".restoring-"), [])

    def test_a_damaged_backup_is_refused(self):
        self.docmind("ingest", self.work / "文档")
        self.docmind("backup", self.backup)
        rng = random.Random(3)
        library = self.backup / "data" / "library.db"
        for _ in range(30 if NIGHTLY else 5):
            whole = library.read_bytes()
            at = rng.randrange(len(whole))
            library.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << rng.randrange(8)]) + whole[at + 1:])
            self.assertIn("the backup is damaged: data/library.db", self.docmind("restore", self.backup, code=1).err)
            library.write_bytes(whole)
        library.unlink()
        self.assertIn("data/library.db is missing", self.docmind("restore", self.backup, code=1).err)
        self.assertEqual(self.beside("."), [])
        self.assertIn("24 metres", self.claims()[0])
        self.assertIn("is no backup", self.docmind("restore", self.work, code=1).err)

    def test_a_disk_that_fills_leaves_nothing(self):
        if os.geteuid() != 0:
            print("a small disk of one's own needs root", file=sys.stderr)
            return
        self.docmind("ingest", self.work / "文档")
        self.backup.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "docmind-test", self.backup], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.backup], check=True)
        self.assertRegex(self.docmind("backup", self.backup / "monday", code=1).err, "disk is full|space")
        self.assertEqual(list(self.backup.iterdir()), [])

    def test_rollback(self):
        self.docmind("ingest", self.work / "文档")
        old = self.names()
        self.assertIn("there is no backup", self.docmind("rollback", "data", code=1).err)
        self.docmind("backup")
        self.docmind("ingest", self.write("later.md", "# Later\n\nThe ferry has three decks.\n"))
        new = self.names()
        self.docmind("config", "set", "search.k", "7")
        self.docmind("config", "set", "search.k", "30")
        states = self.docmind("rollback", "--list", "--json").json
        self.assertEqual((len(states["backups"]), states["before_restores"], len(states["settings"])), (1, [], 1))
        # Both at once; each alone; undone.
        self.docmind("rollback", "data", "settings")
        self.assertEqual(self.names(), old)
        self.assertEqual(self.docmind("config", "get", "search.k").out, "7\n")
        before = self.docmind("rollback", "--list", "--json").json["before_restores"]
        self.docmind("rollback", "data", "--to", before[0]["name"])
        self.assertEqual(self.names(), new)
        self.docmind("rollback", "data", "--to", states["backups"][0]["name"])
        self.assertEqual(self.names(), old)
        # A settings file that stops every command.
        self.config.write_text("search: [\n")
        self.docmind("library", code=78)
        self.docmind("rollback", "settings", "--to", states["settings"][0]["name"])
        self.assertEqual(self.docmind("config", "get", "search.k").out, "7\n")
        # A docmind that serves takes them at once.
        process, address = self.serve()
        self.docmind("config", "set", "search.k", "9")
        self.assertIn("has read it", self.docmind("rollback", "settings").out)
        said = {s["key"]: s for s in self.get(address, "/api/settings")[1]["settings"]}["search.k"]
        self.assertEqual((said["value"], said["pending"]), (7, False))
        self.docmind("rollback", "data", code=1)
        self.stop(process)

    def test_no_backup_is_made_in_what_it_copies(self):
        self.docmind("ingest", self.work / "文档")
        link = self.work / "link"
        link.symlink_to(self.data)
        for inside in (self.data / "backup", link / "backup"):
            self.assertIn("is in the data directory, and would go with it", self.docmind("backup", inside, code=1).err)
        self.assertFalse((self.data / "backup").exists())

    def test_going_back_twice_goes_back_two_versions(self):
        for k in ("7", "8", "9"):
            self.docmind("config", "set", "search.k", k)
        back = [self.docmind("rollback", "settings", "--json").json for _ in range(2)]
        self.assertEqual(self.docmind("config", "get", "search.k").out, "7\n")
        self.assertIn("there is no earlier version", self.docmind("rollback", "settings", code=1).err)
        # Forward again by the name it told; and that is undone as any change.
        newest = pathlib.Path(back[0]["before"]).name
        self.assertIn(newest, self.docmind("rollback", "--list").out)
        self.docmind("rollback", "settings", "--to", newest)
        self.assertEqual(self.docmind("config", "get", "search.k").out, "9\n")
        self.docmind("rollback", "settings")
        self.assertEqual(self.docmind("config", "get", "search.k").out, "7\n")

    def test_a_program_that_no_package_brought_says_what_to_do(self):
        refused = self.docmind("rollback", "program", code=1)
        self.assertIn("was not installed by a Debian package", refused.err)
        self.assertIn("the older image's tag", refused.err)
        self.assertEqual(self.beside(""), [])

    def test_wrong_arguments(self):
        for args in (["restore"], ["rollback"], ["rollback", "binary"], ["backup", "a", "b"], ["config", "migrate"],
                     ["rollback", "data", "settings", "--to", "x"], ["rollback", "data", "--package", "x"]):
            self.docmind(*args, code=2)
        # A name that was mistyped is made by none of them.
        for args in (["backup", self.backup], ["rollback", "data"], ["rollback", "--list"]):
            self.assertIn("there is no data directory", self.docmind(*args, code=1).err)
        self.assertFalse(self.backup.exists() or self.data.exists())
        self.data.mkdir()
        self.assertIn("there is no library", self.docmind("backup", self.backup, code=1).err)
        self.assertFalse(self.backup.exists())
        self.docmind("ingest", self.work / "文档")
        self.docmind("backup", self.work, code=1)

    def test_config_migrate(self):
        env = self.write("旧/.env", "CHUNK_SIZE=256\nVLLM_HOST=0.0.0.0\nEDITOR=vi\n")
        said = {n["name"]: n for n in self.docmind("config", "migrate", env, "--check", "--json").json["names"]}
        self.assertEqual([said[n]["fate"] for n in ("CHUNK_SIZE", "VLLM_HOST", "EDITOR")],
                         ["renamed", "no_effect", "foreign"])
        self.assertEqual(said["CHUNK_SIZE"]["setting"], "chunk.tokens")
        self.assertEqual(sorted(p.name for p in env.parent.iterdir()), [".env"])
        written = self.docmind("config", "migrate", env, "--json").json["written"]
        self.settings(pathlib.Path(written).read_text())
        self.assertEqual(self.docmind("config", "get", "chunk.tokens").out, "256\n")
        self.docmind("config", "migrate", env, code=1)  # It never writes over anything.
        self.docmind("config", "migrate", self.write("wrong.yaml", "search:\n  kk: 1\n"), "--check", code=78)
        self.docmind("config", "migrate", self.write("broken.yaml", "search: [\n"), "--check", code=78)
        self.docmind("config", "migrate", self.work / "none", code=1)


if __name__ == "__main__":
    unittest.main()
