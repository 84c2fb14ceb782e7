#!/usr/bin/env python3
"""Search at 1,000, 10,000 and 100,000 chunks: p50, p99, worst, and memory of the vectors per 1,000 chunks; of real
chunks with the vectors of their units, too. The peer figure of memory is the same vectors as plain f32.

usage: search_scale.py [--tiny]
Vectors are jittered copies of real ones (the three Debian manuals), texts are distinct. The question's own embedding is
not counted: that is the engine's figure.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from figures import BINARY, ROOT, Figures

sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from harness import manuals  # noqa: E402


def main():
    sizes = ["1000"] if "--tiny" in sys.argv else ["1000", "10000", "100000"]
    figures = Figures("search_scale")
    with tempfile.TemporaryDirectory(prefix="docmind-scale-") as name:
        work = pathlib.Path(name)
        seed, data = work / "seed", work / "data"
        seed.mkdir()
        data.mkdir()
        documents = manuals(work / "manuals")
        (work / "none.tsv").write_text("")
        subprocess.run([BINARY.parent / "bench" / "questions", BINARY.parent, seed, work / "none.tsv", *documents],
                       check=True, stdout=subprocess.DEVNULL)
        ran = subprocess.Popen([BINARY.parent / "bench" / "search_scale", data, seed / "library.db", *sizes],
                               stdout=subprocess.PIPE, text=True)
        for line in ran.stdout:
            row = json.loads(line)
            if "real_chunks" in row:
                thousand = lambda b: b / row["real_chunks"] * 1000 / 2**20
                units = row["units"] / row["real_chunks"]
                vectors = 384 * 4 * (row["real_chunks"] + row["units"])
                figures.add(f"index of 1,000 real chunks with {units:.1f} units each", "MiB", thousand(row["bytes"]),
                            peer=thousand(vectors))
                figures.add("growth of the process by it", "MiB", thousand(row["growth"]), peer=thousand(vectors))
                continue
            at = f"{row['chunks']:,} chunks"
            figures.add(f"search p50, {at}", "ms", row["p50_ms"], target="< 100", met=row["p50_ms"] < 100)
            figures.add(f"search p99, {at}", "ms", row["p99_ms"], target="< 200", met=row["p99_ms"] < 200)
            per_vector = row["bytes"] / row["vectors"]
            figures.add(f"memory of 1,000 vectors, {at}", "KiB", per_vector * 1000 / 1024, peer=384 * 4 * 1000 / 1024)
        if ran.wait() != 0:
            sys.exit(ran.returncode)
    figures.finish()


if __name__ == "__main__":
    main()
