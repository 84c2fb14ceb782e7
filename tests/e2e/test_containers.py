"""compose.yaml and Dockerfile: read by docker-compose itself, and held to the program and the files they name. No Docker runs them here."""
import json
import re
import shlex
import shutil
import subprocess
import unittest

from harness import ROOT, DocMindTest


class Containers(DocMindTest):
    def setUp(self):
        super().setUp()
        if shutil.which("docker-compose") is None:
            self.skipTest("no docker-compose here: ./dev setup installs it")
        ran = subprocess.run(["docker-compose", "-f", ROOT / "compose.yaml", "config"], capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        # As docker-compose writes it: a service begins with two blanks.
        text = re.search(r"(?ms)^services:\n(.*?)^\S", ran.stdout)[1]
        parts = re.split(r"(?m)^  (\S+):\n", text)
        self.services = dict(zip(parts[1::2], parts[2::2]))

    def of_profile(self, profile):
        return {name for name, text in self.services.items() if f"\n    - {profile}\n" in re.search(r"(?ms)profiles:(\n    - .*?\n)(?!    -)", text)[1]}

    def test_each_profile_has_its_parts(self):
        beside = {"qdrant", "valkey", "prometheus", "grafana"}
        self.assertEqual(self.of_profile("cpu"), beside | {"docmind"})
        self.assertEqual(self.of_profile("gpu"), beside | {"docmind-gpu", "vllm"})

    def test_nothing_is_published_but_to_this_machine(self):
        published = [port for text in self.services.values() for port in re.findall(r"(?m)^    - (\S*:\d+/tcp)$", text)]
        self.assertEqual(len(published), 4)
        for port in published:
            self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_the_program_knows_the_settings(self):
        text = (ROOT / "compose.yaml").read_text()
        variables = dict(re.findall(r"(?m)^\s+(DOCMIND_\w+): (\S+)", text))
        self.assertGreater(len(variables), 4)
        self.docmind("config", "show", env=variables)
        self.docmind("config", "show", env={**variables, "DOCMIND_NOT_ONE": "1"}, code=78)

    def test_what_is_mounted_is_there(self):
        for path in re.findall(r"(?m)^\s+- (\./\S+?):", (ROOT / "compose.yaml").read_text()):
            if path != "./docmind.key":  # Made by whoever starts it.
                self.assertTrue((ROOT / path).exists(), path)

    def test_the_dockerfile_runs_what_there_is(self):
        text = (ROOT / "Dockerfile").read_text()
        entry, command = (json.loads(re.search(rf"(?m)^{word} (\[.*\])$", text)[1]) for word in ("ENTRYPOINT", "CMD"))
        self.assertEqual(entry, ["docmind", "--config", "/etc/docmind/docmind.yaml"])
        healthy = json.loads(re.search(r"HEALTHCHECK .* CMD (\[.*\])", text)[1])
        for words in (command, healthy[3:]):
            self.docmind(*words, "--help")
        self.assertIn("keys", self.docmind("serve", "--host", "0.0.0.0", "--port", "0", code=1).err)  # As its comment says.
        for line in re.findall(r"(?m)^RUN (.*)$", text):
            subprocess.run(["sh", "-n", "-c", line], check=True)
            for word in shlex.split(line):
                self.assertTrue(not word.startswith("./") or (ROOT / word).exists(), word)


if __name__ == "__main__":
    unittest.main()
