"""The processes of this machine, from /proc."""
import pathlib
import time


def processes():
    """{process id: (parent, words of the command line)}, without those that have ended."""
    out = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            out[int(folder.name)] = (int(parent), words)
    return out


def below(root):
    """{process id: words} of those that descend from it."""
    everything, found = processes(), {root}
    while more := {pid for pid, (parent, _) in everything.items() if parent in found} - found:
        found |= more
    return {pid: everything[pid][1] for pid in found - {root} if pid in everything}


def variables(pid):
    """The environment that it was started with."""
    entries = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


class Cgroups:
    """Those that a service manager makes on top, taken away again: it leaves them behind when it is killed."""

    NAMES = ("app.slice", "init.scope", "payload", "supervisor")

    def __init__(self):
        self.before = self.there()

    def there(self):
        top = pathlib.Path("/sys/fs/cgroup")
        return {folder for hierarchy in (top, *top.glob("*")) for name in self.NAMES if (folder := hierarchy / name).is_dir()}

    def take_away(self):
        end = time.monotonic() + 10
        while (new := self.there() - self.before) and time.monotonic() < end:
            for top in new:
                try:
                    for folder in sorted((top, *(path for path in top.rglob("*") if path.is_dir())), reverse=True):
                        folder.rmdir()
                except OSError:
                    time.sleep(0.01)  # Who was killed is still going.
