"""The Debian package: what is in it, that Debian's own checker has nothing to say, and that what is in it works.

With NIGHTLY=1 and as root also in a Debian 12 made for it by debootstrap: installed, run by the unit's own command line and user, upgraded,
removed, purged; what the machine's files are before and after.
"""
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from harness import BINARY, FIXTURES, ROOT, DocMindTest


def said(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, **more).stdout


def build_package(build, folder):
    """The package of a build folder."""
    ran = subprocess.run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip"],
                         cwd=folder, capture_output=True, text=True)
    if ran.returncode != 0:
        raise AssertionError(ran.stdout + ran.stderr)
    return next(folder.glob("*.deb"))


class Package(DocMindTest):
    @classmethod
    def setUpClass(cls):
        if not (BINARY.parent / "CPackConfig.cmake").exists():
            raise unittest.SkipTest(f"{BINARY} lies in no release build")
        folder = tempfile.TemporaryDirectory(prefix="docmind-package-")
        cls.addClassCleanup(folder.cleanup)
        cls.top = pathlib.Path(folder.name)
        cls.package = build_package(BINARY.parent, cls.top)
        cls.tree = cls.top / "tree"
        said("dpkg-deb", "--raw-extract", cls.package, cls.tree)
        cls.control = cls.tree / "DEBIAN"
        with (cls.top / "files.tar").open("wb") as unpacked:
            subprocess.run(["dpkg-deb", "--fsys-tarfile", cls.package], stdout=unpacked, check=True)
        with tarfile.open(cls.top / "files.tar") as files:
            cls.members = {member.name.removeprefix("."): member for member in files}

    def field(self, name):
        return said("dpkg-deb", "--field", self.package, name).strip()

    def test_everything_is_where_it_belongs(self):
        for path in ("/usr/bin/docmind", "/usr/lib/docmind/libpdfium.so", "/usr/lib/docmind/libllama.so.0",
                     "/usr/share/docmind/models/all-MiniLM-L6-v2.gguf", "/usr/share/docmind/words.lexicon", "/etc/docmind/docmind.yaml",
                     "/usr/share/man/man1/docmind.1.gz", "/usr/share/bash-completion/completions/docmind",
                     "/usr/share/doc/docmind/copyright", "/usr/share/doc/docmind/changelog.Debian.gz",
                     "/usr/share/doc/docmind/licenses/llama.cpp/LICENSE", "/usr/share/doc/docmind/licenses/pdfium/pdfium.txt"):
            self.assertIn(path, list(self.members))
        below = {"/".join(path.split("/")[:3]) for path in self.members if path.count("/") > 1}
        self.assertEqual(below, {"/usr/bin", "/usr/lib", "/usr/share", "/etc/docmind"})
        in_etc = [path for path, member in self.members.items() if path.startswith("/etc/") and member.isfile()]
        self.assertEqual((self.control / "conffiles").read_text().split(), in_etc)

    def test_it_is_roots_and_nobody_else_may_write(self):
        for path, member in self.members.items():
            with self.subTest(path=path):
                self.assertEqual((member.uname, member.gname), ("root", "root"))
                if member.issym():
                    self.assertIn(str(pathlib.PurePath(path).parent / member.linkname), self.members)
                    continue
                runs = member.isdir() or path in ("/usr/bin/docmind", "/usr/share/docmind/deploy/vllm/launch_vllm_fp8.sh")
                self.assertEqual(oct(member.mode), oct(0o755 if runs else 0o644))

    def test_it_names_what_it_needs(self):
        needs = {re.split(r"[ (]", one.strip())[0] for one in self.field("Depends").split(",")}
        # Found by dpkg-shlibdeps; then what is opened at run time or run by its scripts.
        self.assertLessEqual({"libc6", "libcurl4", "libicu72", "libstdc++6", "libpq5"}, needs)
        self.assertLessEqual({"libpangocairo-1.0-0", "fonts-dejavu-core", "adduser"}, needs)
        self.assertIn("fonts-noto-cjk", self.field("Recommends"))

    def test_it_looks_for_libraries_in_its_own_folder_alone(self):
        for path, member in self.members.items():
            if not member.isfile() or not (path == "/usr/bin/docmind" or path.startswith("/usr/lib/docmind/")):
                continue
            found = re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", said("readelf", "--dynamic", str(self.tree) + path))
            for folder in ":".join(found).split(":"):
                self.assertRegex(folder, r"^(\$ORIGIN.*)?$", path)

    def test_the_units_start_what_is_there(self):
        units = [path for path in self.members if path.startswith("/usr/lib/systemd/system/docmind")]
        self.assertEqual(len(units), len(list((ROOT / "deploy/systemd").iterdir())))
        for path in units:
            text = (self.tree / path.lstrip("/")).read_text()
            for program in re.findall(r"(?m)^ExecStart=(\S+)", text):
                self.assertIn(program, list(self.members))
            for page in re.findall(r"file://(\S+)", text):
                self.assertIn(page, list(self.members))

    def test_the_man_page_has_every_command(self):
        page = gzip.decompress((self.tree / "usr/share/man/man1/docmind.1.gz").read_bytes()).decode()
        for command in re.findall(r"(?m)^  ([a-z-]+) +[A-Z]", self.docmind("--help").out.split("Subcommands:")[1]):
            self.assertIn(f'.SS "docmind {command}"'.replace("-", "\\-"), page)
        self.assertIn("BLANK=WORDS", page)
        self.assertIn("docmind sessions export", page)

    def test_its_scripts_are_scripts(self):
        for name in ("postinst", "prerm", "postrm"):
            said("sh", "-n", self.control / name)
            self.assertEqual((self.control / name).stat().st_mode & 0o777, 0o755)
        said("bash", "-n", self.tree / "usr/share/bash-completion/completions/docmind")

    def test_debians_checker_has_nothing_to_say(self):
        if shutil.which("lintian") is None:
            self.skipTest("no lintian here: ./dev setup installs it")
        ran = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", self.package], capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))

    def test_what_is_in_it_works_wherever_it_lies(self):
        moved = self.work / "elsewhere"
        shutil.copytree(self.tree / "usr", moved, symlinks=True)
        program = [str(moved / "bin/docmind"), "--data", str(self.data)]
        shutil.copy(FIXTURES / "stores.pdf", self.work)
        for command in (["ingest", self.work / "stores.pdf"], ["ask", "What is kept in the stores?", "--json"]):
            ran = subprocess.run([*program, *map(str, command)], env=self.environment, capture_output=True, text=True, timeout=120)
            self.assertEqual(ran.returncode, 0, ran.stderr)


if __name__ == "__main__":
    unittest.main()
