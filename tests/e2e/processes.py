"""The processes of this machine, from /proc."""
import pathlib


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
