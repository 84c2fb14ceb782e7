#!/usr/bin/env python3
"""Holds the documents to the tree: every relative link and every `src/...`-like path in a Markdown file must exist."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent
skip = {"build", ".deps", ".git", "node_modules", "fixtures", "corpus"}
# What the specifications called so is named in docs/traceability.md, which says what became of it.
theirs = set((root / "tools/specification_ids.txt").read_text().splitlines())
errors = []
for page in sorted(root.rglob("*.md")):
    parts = page.relative_to(root).parts
    if any(p in skip or p.startswith("build-") for p in parts):
        continue
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in target and not (page.parent / target).exists():
            errors.append(f"{page.relative_to(root)}: link to {target}, which is not there")
    for path in re.findall(r"`((?:src|docs|tests|bench|tools|deps|cmake|fuzz)/[\w./-]+)`", text):
        if path not in theirs and not (root / path).exists():
            errors.append(f"{page.relative_to(root)}: names {path}, which is not there")
print("\n".join(errors) or "documents hold")
sys.exit(bool(errors))
