"""What every benchmark shares: pairs, medians with their interval, figures with targets, one JSON object at the end."""
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = pathlib.Path(os.environ.get("DOCMIND_BINARY", ROOT / "build" / "docmind"))
BENCH = pathlib.Path(os.environ.get("DOCMIND_BENCH", BINARY.parent / "bench"))
PEERS = pathlib.Path(os.environ.get("PEERS", pathlib.Path.home() / ".cache" / "docmind-peers"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
# The program takes its settings from such variables, and refuses those that are none: what is measured has its own.
for variable in [name for name in os.environ if name.startswith("DOCMIND_")]:
    del os.environ[variable]


def peer_python():
    """The Python with the peers in it; installed on first use (about 6 GB)."""
    subprocess.run([ROOT / "bench" / "peers" / "setup.sh", "python"], check=True, env={**os.environ, "PEERS": str(PEERS)})
    return PEERS / "python" / "bin" / "python"


def median_with_interval(values):
    """(median, low, high): the 95 % interval of the median by order statistics; with few values the whole range."""
    ordered = sorted(values)
    n = len(ordered)
    if n < 6:
        return statistics.median(ordered), ordered[0], ordered[-1]
    half = 0.98 * n ** 0.5
    low, high = max(0, int(n / 2 - half)), min(n - 1, int(n / 2 + half))
    return statistics.median(ordered), ordered[low], ordered[high]


def progress(*values):
    """What happens meanwhile, beside the one JSON object on standard output."""
    print(*values, file=sys.stderr, flush=True)


class Figures:
    """Collects figures, prints them as they come, ends the program with 1 when a target is missed."""

    def __init__(self, name):
        self.name, self.figures = name, []

    def add(self, name, unit, ours, peer=None, target=None, met=None, ratio=None):
        if ratio is None and peer:
            ratio = ours / peer
        figure = {"name": name, "unit": unit, "ours": ours, "peer": peer, "ratio": ratio, "target": target, "met": met}
        self.figures.append(figure)
        show = lambda v: "-" if v is None else f"{v:,.4g}" if isinstance(v, float) else str(v)
        verdict = "" if met is None else "  ok" if met else "  MISSED"
        print(f"{name:58s} {show(ours):>12s} {unit:10s} peer {show(peer):>10s}  ratio {show(ratio):>8s}"
              f"  target {target or '-'}{verdict}", file=sys.stderr, flush=True)
        return met

    def finish(self):
        print(json.dumps({"name": self.name, "figures": self.figures}))
        sys.exit(any(f["met"] is False for f in self.figures))
