"""docmind models pull, from a hub on this machine that redirects, cuts, stalls, corrupts and lies."""
import hashlib
import os
import signal
import subprocess
import threading
import unittest

from harness import ROOT, DocMindTest
from model_hub import COMMIT, Hub, corrupt, cut_after, ranges_are_ignored, stall_after

CHECKPOINT = ROOT / "src/engine/testing/tiny_xlmr"


class Pull(DocMindTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = DocMindTest()
        maker.setUp()
        maker.docmind("models", "import", CHECKPOINT, "--name", "tiny", "--type", "f32")
        cls.gguf = (maker.data / "models" / "tiny.gguf").read_bytes()
        maker.doCleanups()

    def hub(self, files=None, certificate=None):
        hub = Hub(files or {"tiny.gguf": self.gguf}, certificate)
        self.addCleanup(hub.server_close)
        self.addCleanup(hub.shutdown)
        self.addCleanup(hub.release.set)
        return hub

    def pull(self, hub, *args, code=0, **options):
        args = args or ("tiny.gguf",)
        return self.docmind("models", "pull", "owner/tiny", *args, "--from", hub.address, "--set", "models.idle=500ms",
                            code=code, **options)

    def models_there(self):
        return sorted(os.listdir(self.data / "models")) if (self.data / "models").exists() else []

    def parts(self):
        folder = self.data / "models/.pulls/owner--tiny"
        return sorted(os.listdir(folder)) if folder.exists() else []

    def expect_model(self, name="tiny"):
        self.assertEqual([m for m in self.models_there() if not m.startswith(".pulls")], [f"{name}.gguf", f"{name}.json"])
        self.assertEqual(self.parts(), [])
        listed = self.docmind("models", "list", "--json").json["models"]
        self.assertEqual([(m["name"], m["usable"]) for m in listed], [(name, True)])
        self.assertTrue(self.docmind("models", "verify", name, "--json").json["models"][0]["ok"])

    def test_a_file_becomes_a_model(self):
        hub = self.hub()
        card = self.pull(hub, "tiny.gguf", "--json", "--revision", "v1").json
        self.assertEqual((card["name"], card["source"]), ("tiny", f"owner/tiny@{COMMIT}:tiny.gguf"))
        self.assertEqual((self.data / "models/tiny.gguf").read_bytes(), self.gguf)
        self.expect_model()
        self.assertEqual(hub.asked[0], ("GET", "/api/models/owner/tiny/revision/v1", None))
        self.assertTrue(all(COMMIT in p for m, p, _ in hub.asked if "/resolve/" in p), hub.asked)
        self.assertIn("called tiny already", self.pull(hub, code=1).err)

    def test_nothing_is_asked_unless_told_whom(self):
        done = self.docmind("models", "pull", "owner/tiny", "tiny.gguf", code=1)
        self.assertIn("No model hub is set", done.err)
        self.assertIn("--from URL", done.err)
        hub = self.hub()
        self.docmind("models", "pull", "owner/tiny", "tiny.gguf", "--set", f"models.endpoint={hub.address}")
        self.expect_model()
        for address in ("http://hub.invalid", "ftp://127.0.0.1/", "hub", "https://u:p@127.0.0.1/"):
            done = self.docmind("models", "pull", "owner/tiny", "x.gguf", "--from", address, code=1)
            self.assertRegex(done.err, "https|password", address)

    def test_a_checkpoint_is_fetched_and_imported(self):
        files = {str(f.relative_to(CHECKPOINT)): f.read_bytes() for f in CHECKPOINT.rglob("*") if f.is_file()}
        files |= {".gitattributes": b"x", "README.md": b"not needed", "pytorch_model.bin": b"not needed"}
        hub = self.hub(files)
        for path in files:  # Small files have the hash that git gives them.
            if not path.endswith(".safetensors"):
                hub.etags[path] = hashlib.sha1(files[path]).hexdigest()
        card = self.pull(hub, "--name", "small", "--type", "f32", "--json").json
        self.assertEqual((card["source"], card["type"]), (f"owner/tiny@{COMMIT}", "f32"))
        self.expect_model("small")
        self.assertFalse([p for _, p, _ in hub.asked if "README" in p or ".bin" in p])

    def test_a_connection_that_breaks_or_stalls_goes_on(self):
        hub = self.hub()
        hub.faults = [cut_after(1000), stall_after(5000), cut_after(0)]
        done = self.pull(hub)
        self.assertEqual(hub.gets("tiny.gguf"), [None, "bytes=1000-", "bytes=6000-", "bytes=6000-"])
        self.assertIn("nothing arrived for too long", done.err)
        self.expect_model()

    def test_a_second_pull_goes_on(self):
        hub = self.hub()
        hub.faults = [cut_after(3000)] + [cut_after(0)] * 4
        done = self.pull(hub, code=1)
        self.assertIn("goes on at", done.err)
        self.assertEqual(self.parts(), ["tiny.gguf.note", "tiny.gguf.part"])
        self.assertEqual(self.models_there(), [".pulls"])
        hub.asked.clear()
        self.pull(hub)
        self.assertEqual(hub.gets("tiny.gguf"), ["bytes=3000-"])
        self.expect_model()

    def test_ctrl_c_leaves_a_part_that_goes_on(self):
        hub = self.hub()
        hub.faults = [stall_after(4000)]
        process = self.start("models", "pull", "owner/tiny", "tiny.gguf", "--from", hub.address)
        part = self.data / "models/.pulls/owner--tiny/tiny.gguf.part"
        while process.poll() is None and not (part.exists() and part.stat().st_size == 4000):
            threading.Event().wait(0.02)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertIn("goes on", process.stderr.read())
        self.assertEqual(part.read_bytes(), self.gguf[:4000])
        self.pull(hub)
        self.assertEqual(hub.gets("tiny.gguf"), [None, "bytes=4000-"])
        self.expect_model()

    def test_corrupt_bytes_are_thrown_away(self):
        hub = self.hub()
        hub.faults = [corrupt]
        done = self.pull(hub, code=1)
        self.assertIn("SHA-256", done.err)
        self.assertEqual(self.parts(), [])
        self.assertEqual(len(hub.gets("tiny.gguf")), 1)
        self.pull(hub)
        self.expect_model()

    def test_a_server_that_lies_about_the_file(self):
        hub = self.hub()
        hub.etags["tiny.gguf"] = "0" * 64
        self.assertIn("SHA-256", self.pull(hub, code=1).err)
        hub.etags["tiny.gguf"] = "no-checksum"
        self.assertIn("tells no SHA-256", self.pull(hub, code=1).err)
        hub.etags.clear()
        for size in (len(self.gguf) - 1, len(self.gguf) + 1, 0):
            hub.sizes["tiny.gguf"] = size
            self.assertIn("thrown away", self.pull(hub, code=1).err, size)
        hub.sizes["tiny.gguf"] = 2 * 10**12
        self.assertIn("on a disk that has", self.pull(hub, code=1).err)
        hub.sizes["tiny.gguf"] = "many"
        self.assertIn("not usable", self.pull(hub, code=1).err)
        self.assertEqual(self.parts(), [])
        self.assertEqual(self.models_there(), [".pulls"])

    def test_a_file_that_changes_between_attempts_starts_anew(self):
        hub = self.hub({"tiny.gguf": b"old" * 5000})

        def change(handler, status, headers, rest):
            cut_after(2000)(handler, status, headers, rest)
            hub.files["tiny.gguf"] = self.gguf
        hub.faults = [change]
        self.pull(hub)
        self.assertEqual(hub.gets("tiny.gguf"), [None, None])
        self.expect_model()

    def test_a_server_without_ranges_starts_anew(self):
        hub = self.hub()
        hub.faults = [cut_after(2000), ranges_are_ignored]
        self.pull(hub)
        self.expect_model()

    def test_hostile_names(self):
        hub = self.hub()
        outside = self.data.parent / "escaped.gguf"
        for name in ("../../../../escaped.gguf", "/etc/passwd", "a\\b", "a\u0000b", ""):
            hub.listed = ["tiny.gguf", name]
            self.assertIn("leads out of the repository", self.pull(hub, code=1).err)
        hub.listed = None
        for args in (("../../../../escaped.gguf",), ("/escaped.gguf",), ("a//b.gguf",)):
            self.pull(hub, *args, code=1)
        self.pull(hub, "tiny.gguf", "--name", "../escaped", code=1)
        self.pull(hub, "tiny.gguf", "--revision", "../../x", code=1)
        for repository in ("owner", "../x", "a/b/c", "owner/..", "--help/x"):
            self.docmind("models", "pull", "--from", hub.address, "--", repository, "tiny.gguf", code=1)
        self.assertFalse(outside.exists())
        self.assertEqual(self.parts(), [])

    def test_what_is_no_model(self):
        hub = self.hub({"bad.gguf": b"GGUF\x03\0\0\0" + b"\xff" * 64, "notes.txt": b"x", "config.json": b"{}"})
        self.assertIn("more keys or tensors", self.pull(hub, "bad.gguf", code=1).err)
        self.assertIn("must be a GGUF file", self.pull(hub, "notes.txt", code=1).err)
        self.assertIn("has no gone.gguf", self.pull(hub, "gone.gguf", code=1).err)
        self.assertIn("bad.gguf", self.pull(hub, "--type", "f32", code=1).err)
        self.assertEqual([f for f in self.models_there() if not f.startswith(".")], [])

    def test_https(self):
        pem = self.work / "hub.pem"
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", pem, "-out", "-"],
            capture_output=True, check=True)
        pem.write_bytes(pem.read_bytes() + made.stdout)
        hub = self.hub(certificate=pem)
        self.assertIn("not one that this machine trusts", self.pull(hub, code=1).err)
        self.assertEqual(hub.asked, [])
        trusting = ("tiny.gguf", "--set", f"models.ca_file={pem}")
        hub.faults = [lambda h, *_: h.answer(302, {"Location": "http://127.0.0.1:1/x"})]
        self.assertIn("from https to an address without", self.pull(hub, *trusting, code=1).err)
        self.pull(hub, *trusting)
        self.expect_model()
        self.pull(hub, "tiny.gguf", "--name", "x", "--set", "models.ca_file=/none.pem", code=1)

    def test_redirects_end(self):
        hub = self.hub()

        def around(handler, status, headers, rest):
            handler.answer(302, {"Location": handler.path})
            hub.faults.append(around)
        hub.faults = [around]
        self.assertIn("redirects too often", self.pull(hub, code=1).err)
        hub.faults = [lambda h, *_: h.answer(302, {"Location": "file:///etc/passwd"})]
        self.pull(hub, code=1)
        hub.faults = [lambda h, *_: h.answer(302, {"Location": "http://hub.invalid/x"})]
        self.assertIn("https", self.pull(hub, code=1).err)


if __name__ == "__main__":
    unittest.main()
