"""The Debian package: what is in it, that Debian's own checker has nothing to say, and that what is in it works.

With NIGHTLY=1 and as root also in a Debian 12 made for it by debootstrap and booted by systemd-nspawn: installed, run by its systemd, upgraded,
removed, purged; what the machine's files are before and after.
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

from harness import BINARY, FIXTURES, ROOT, DocMindTest
from processes import Cgroups


def said(*command, **more):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, **more).stdout


def build_package(build, folder, version="0.1.0"):
    """The package of a build folder."""
    ran = subprocess.run(["cpack", "--config", build / "CPackConfig.cmake", "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip",
                          "-D", f"CPACK_DEBIAN_PACKAGE_VERSION={version}"], cwd=folder, capture_output=True, text=True)
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

    def test_it_says_which_data_it_reads(self):
        """By this an older one is chosen when the program goes back (docmind rollback program)."""
        self.docmind("ingest", self.write("a.md", "# Boats\n\nThe boat comes on Tuesday.\n"))
        subprocess.run(self.command("chat"), input=b"When does the boat come?\n", env=self.environment, capture_output=True, timeout=60, check=True)
        for name in ("library", "sessions"):
            newest = sqlite3.connect(self.data / f"{name}.db").execute("PRAGMA user_version").fetchone()[0]
            self.assertIn(f"docmind-{name}-format (= {newest})", self.field("Provides"))

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


# systemd's own container, which boots it; in a /run of its own, where it leaves something behind.
MACHINE = """
mount --make-rprivate / && mount -t tmpfs none /run && exec systemd-nspawn --quiet --directory="$1" --register=no --keep-unit --private-network --boot
"""
# Lists, caches and logs of apt and dpkg; what comes and goes with the machine; the backups of passwd.
PASSING = re.compile(r"/(proc|sys|dev|tmp|run|var/(cache|log|tmp|lib/(apt|dpkg|ucf|systemd/(catalog|random-seed|timers|timesync)))|etc/(passwd|group|shadow|gshadow|subuid|subgid)-)(/|$)")


@unittest.skipUnless(os.environ.get("NIGHTLY"), "takes minutes and the network: NIGHTLY=1")
@unittest.skipUnless(os.geteuid() == 0, "makes a Debian of its own: root alone can")
class CleanDebian(DocMindTest):
    """A Debian 12 that has never seen this project, booted: its systemd is the first process there and runs the unit as it stands."""

    CONFIG = "/etc/docmind/docmind.yaml"

    def setUp(self):
        super().setUp()
        if shutil.which("systemd-nspawn") is None:
            self.skipTest("no systemd-nspawn here: ./dev setup installs it")
        self.top = pathlib.Path(self.folder.name)
        self.root = self.top / "debian"
        self.machine = None
        self.times = {}
        self.new = self.package(BINARY.parent, "0.1.0")
        self.timed("debootstrap", "debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", self.root)
        # Needs the network, which the booted one has not.
        self.inside("apt-get update", "apt-get", "update")
        self.inside("what it depends on", "apt-get", "satisfy", "-y", "--no-install-recommends",
                    said("dpkg-deb", "--field", self.new, "Depends").strip())
        (self.root / "srv/documents").mkdir()
        shutil.copy(FIXTURES / "stores.pdf", self.root / "srv/documents")

    def package(self, build, version):
        folder = self.top / version
        folder.mkdir()
        return build_package(build, folder, version)

    def previous_package(self):
        """Of the commit that the last tag names, else of the first one with a package."""
        first = said("git", "log", "--diff-filter=A", "--format=%H", "--", "cmake/package.cmake", cwd=ROOT).split()[-1]
        tags = said("git", "tag", "--contains", first, "--sort=-creatordate", cwd=ROOT).split()
        tree = self.top / "previous"
        said("git", "worktree", "add", "--detach", tree, (tags or [first])[0], cwd=ROOT)
        self.addCleanup(subprocess.run, ["git", "worktree", "remove", "--force", tree], cwd=ROOT)
        # It takes each such variable for a setting, and this test's own are none.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCMIND_")}
        said(tree / "dev", "setup", cwd=tree, env=environment)
        self.timed("build of the previous one", tree / "dev", "build", cwd=tree, env=environment)
        return self.package(tree / "build", "0.0.9")

    def timed(self, what, *command, **more):
        began = time.monotonic()
        ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, **more)
        self.assertEqual(ran.returncode, 0, f"{command}\n{ran.stdout[-4000:]}\n{ran.stderr[-4000:]}")
        self.times[what] = round(time.monotonic() - began, 2)
        return ran.stdout

    def enter(self):
        """What runs a command there: in the booted machine, else below its root."""
        if self.machine is None:
            return ["chroot", self.root]
        leader = pathlib.Path(f"/proc/{self.machine.pid}/task/{self.machine.pid}/children").read_text().split()[-1]
        return ["nsenter", "--target", leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]

    def inside(self, what, *command):
        return self.timed(what, *self.enter(), "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
                          "LC_ALL=C.UTF-8", "HOME=/root", *command)

    def install(self, what, package):
        """Settings that were changed stay; nobody is there to be asked."""
        shutil.copy(package, self.root / "srv")
        self.inside(what, "apt-get", "install", "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold", f"/srv/{package.name}")

    def go_back(self, *args):
        """What `docmind rollback program` says, after less than five minutes."""
        went = json.loads(self.inside("roll-back", "docmind", "--json", "rollback", *args))
        self.assertLess(self.times["roll-back"], 300)
        self.assertEqual((went["from"], went["to"], went["service"]), ("0.1.0-1", "0.0.9-1", "ready"))
        self.assertEqual(self.version(), "0.0.9-1")
        self.assertEqual(self.unit("ActiveState"), "active")
        self.answers()
        return went

    def version(self):
        return self.inside("a look", "dpkg-query", "-W", "-f", "${Version}", "docmind")

    def boot(self):
        self.addCleanup(Cgroups().take_away)
        self.machine = subprocess.Popen(["unshare", "--mount", "sh", "-c", MACHINE, "sh", self.root], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.shut_down)
        self.until(lambda: subprocess.run([*self.enter(), "systemctl", "is-system-running"], capture_output=True,
                                          text=True).stdout.strip() in ("running", "degraded"))

    def shut_down(self):
        if self.machine is None:
            return
        self.machine.terminate()  # nspawn has the machine power off.
        try:
            self.machine.wait(60)
        except subprocess.TimeoutExpired:
            self.machine.kill()
            self.machine.wait()
        self.machine = None

    def until(self, true):
        end = time.monotonic() + 60
        while True:
            try:
                if true():
                    return
            except (IndexError, FileNotFoundError):
                pass  # It is not there yet.
            self.assertLess(time.monotonic(), end, "it does not come true")
            self.assertIsNone(self.machine.poll(), "the machine has ended")
            time.sleep(0.05)

    def of_the_service(self, *args):
        """A command of the service's user, as docs/install.md has it."""
        return self.inside(args[0], "setpriv", "--reuid=docmind", "--regid=docmind", "--clear-groups", "env", "HOME=/var/lib/docmind",
                           "docmind", "--config", self.CONFIG, *args)

    def unit(self, field):
        return self.inside("a look", "systemctl", "show", "--value", "-p", field, "docmind.service").strip()

    def answers(self):
        answer = json.loads(self.of_the_service("ask", "What is kept in the stores?", "--json"))
        self.assertEqual(answer["status"], "answered")

    def over_http(self, path):
        script = f"exec 3<>/dev/tcp/127.0.0.1/8080; printf 'GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3"
        return self.inside("a look", "bash", "-c", script)

    def files(self):
        """{path: what it is} of all but what passes."""
        out = {}
        for folder, folders, names in os.walk(self.root):
            for name in folders + names:
                path = pathlib.Path(folder, name)
                shown = "/" + str(path.relative_to(self.root))
                if PASSING.match(shown):
                    continue
                is_now = path.lstat()
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
                out[shown] = (oct(is_now.st_mode), is_now.st_uid, is_now.st_gid, hash(content))
            folders[:] = [name for name in folders if not PASSING.match("/" + str(pathlib.Path(folder, name).relative_to(self.root)))]
        return out

    def test_from_the_installation_to_the_purge(self):
        old = self.previous_package()
        settings = self.root / self.CONFIG.lstrip("/")
        self.boot()
        before = self.files()

        self.install("installation", old)
        self.assertEqual((self.unit("ActiveState"), self.unit("UnitFileState")), ("active", "enabled"))
        self.assertIn('"live"', self.over_http("/health/live"))
        self.of_the_service("ingest", "/srv/documents")
        self.answers()
        self.of_the_service("config", "set", "search.k", "21")  # Writes /etc/docmind.
        self.assertIn("21", settings.read_text())
        self.until(lambda: self.unit("StatusText") == "ready")
        first = self.unit("MainPID")

        # It comes back, by itself and with the machine.
        self.inside("a look", "systemctl", "kill", "--signal=KILL", "docmind.service")
        self.until(lambda: self.unit("NRestarts") == "1" and self.unit("ActiveState") == "active")
        self.assertNotEqual(self.unit("MainPID"), first)
        self.shut_down()
        self.boot()
        self.assertEqual(self.unit("ActiveState"), "active")
        self.answers()

        self.install("upgrade", self.new)
        self.assertEqual(self.version(), "0.1.0-1")
        self.assertEqual(self.unit("ActiveState"), "active")
        self.answers()
        self.assertIn("21", settings.read_text())

        self.go_back("program", "--package", f"/srv/{old.name}")
        self.assertIn("21", settings.read_text())
        self.install("upgrade once more", self.new)
        self.answers()

        self.inside("removal", "apt-get", "remove", "-y", "docmind")
        left = [path for path in self.files() if path not in before and not path.startswith("/srv/")]
        kept = r"/var/lib/docmind|/etc/docmind|/etc/systemd/system/multi-user.target.wants|/var/lib/systemd/deb-systemd-helper-enabled"
        self.assertEqual([path for path in left if not re.match(kept, path)], [])
        # Settings that a person changed are the previous package's still, and say where.
        data = re.search(r"^data: (\S+)", settings.read_text(), re.M)[1]
        self.assertTrue((self.root / data.lstrip("/") / "library.db").exists(), data)

        self.inside("purge", "apt-get", "purge", "-y", "docmind")
        after = self.files()
        differ = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path) and not path.startswith("/srv"))
        print("seconds:", self.times, file=sys.stderr)
        self.assertEqual(differ, [])

    def test_program_data_and_settings_go_back_together(self):
        """To the same program under another version: what differs is what is in the library and in the settings."""
        old = self.package(BINARY.parent, "0.0.9")
        self.boot()
        self.install("installation", old)
        self.of_the_service("ingest", "/srv/documents")
        self.of_the_service("config", "set", "search.k", "21")
        self.of_the_service("backup")
        self.install("upgrade", self.new)
        (self.root / "srv/documents/later.md").write_text("# Later\n\nThe ferry has three decks.\n")
        self.of_the_service("ingest", "/srv/documents")
        self.of_the_service("config", "set", "search.k", "30")
        went = self.go_back("all", "--package", "/srv")
        self.assertTrue(went["settings"])
        documents = json.loads(self.of_the_service("library", "--json"))["documents"]
        self.assertEqual([pathlib.Path(one["document"]).name for one in documents], ["stores.pdf"])
        self.assertEqual(self.of_the_service("config", "get", "search.k"), "21\n")
        self.of_the_service("rollback", "--list")
        print("seconds:", self.times, file=sys.stderr)
        # Once more there is nothing older; and it goes on.
        refused = subprocess.run([*self.enter(), "docmind", "rollback", "program", "--package", "/srv"], capture_output=True, text=True)
        self.assertIn("has no package of a docmind older than 0.0.9-1", refused.stderr)
        self.answers()

    def test_the_dockerfiles_steps(self):
        """Those of its last stage, in this Debian: its first one is ./dev package."""
        text = (ROOT / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
        said("mount", "-t", "proc", "proc", self.root / "proc")
        self.addCleanup(subprocess.run, ["umount", self.root / "proc"])
        (self.root / "tmp/package").mkdir()
        shutil.copy(self.new, self.root / "tmp/package")
        for line in re.findall(r"(?m)^RUN (.*)$", text):
            self.inside("the container's image", "sh", "-c", line)
        user = re.search(r"(?m)^USER (.*)$", text)[1]
        entry, command = (json.loads(re.search(rf"(?m)^{word} (\[.*\])$", text)[1]) for word in ("ENTRYPOINT", "CMD"))
        variables = re.search(r"(?m)^ENV (.*)$", text)[1].split()
        healthy = json.loads(re.search(r"HEALTHCHECK .* CMD (\[.*\])", text)[1])
        within = ["chroot", self.root, "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "env", "-i", *variables, "PATH=/usr/bin:/bin"]
        command[command.index("8080")] = "0"  # This machine's network is ours, too.
        refused = subprocess.run([*within, *entry, *command], capture_output=True, text=True, timeout=60)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs a key", refused.stderr)
        said(*within, *entry, "keys", "add", "--scope", "admin")
        with subprocess.Popen([*within, *entry, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                self.assertRegex(server.stdout.readline(), "^listening on http://0.0.0.0:")
                said(*within, *healthy)
            finally:
                server.terminate()


if __name__ == "__main__":
    unittest.main()
