#!/usr/bin/env python3
"""Line coverage by room from the profiles a test run left; usage: coverage.py BUILD_FOLDER.

Sources only: tests and test doubles do not count, nor do files that no unit test links (mostly of app: tests/e2e runs those). Fails below HELD; TARGETS are what the project wants, and a line that misses its own says so.

A line counts once, whatever functions (lambdas) it is part of. Where it begins in the gap after a statement that may have returned (each DM_TRY), llvm-cov says 0 for it, as often as it ran (LLVM 19: the code behind such a gap begins no region of its own); here it has the count of the code behind the gap.
"""
import collections
import json
import pathlib
import subprocess
import sys

# Percent of the lines of a room with all rooms in it, of one part of a room, or of all.
TARGETS = {"all": 85, "store": 95, "engine": 95, "llm": 95, "resilience": 90, "obs/metrics": 100}
HELD = dict(TARGETS)  # Where one is lower than its target: towards it, never back.


def lines_of(segments):
    """{line: times it ran} of the segments that llvm-cov exports: [line, column, count, has a count, begins a region, is a gap]."""
    out, before, at = {}, None, 0
    for line in range(segments[0][0], segments[-1][0] + 1) if segments else ():
        end = at
        while end < len(segments) and segments[end][0] == line:
            end += 1
        counts = [count for _, _, count, counted, begins, gap in segments[at:end] if counted and begins and not gap]
        following = segments[at] if at < len(segments) else None
        skipped = end > at and not following[3] and following[4]  # A comment.
        if before and before[3] and not (skipped and not counts):
            goes_on = before[5] and following and following[3] and not following[4] and not following[5]
            counts.append(following[2] if goes_on else before[2])
        if counts:
            out[line] = max(counts)
        if end > at:
            before, at = segments[end - 1], end
    return out


def main(build):
    profiles = [str(p) for p in (build / "coverage").glob("*.profraw")]
    binaries = [str(p) for p in sorted(build.glob("*_test"))]
    if not profiles or not binaries:
        sys.exit(f"coverage: no profiles in {build}/coverage; run the tests of the asan-ubsan preset first")
    merged = build / "coverage" / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *profiles], check=True)
    objects = [argument for binary in binaries[1:] for argument in ("-object", binary)]
    report = json.loads(subprocess.run(
        ["llvm-cov-19", "export", "-skip-functions", "-skip-expansions", "-skip-branches", "-instr-profile", merged, binaries[0], *objects],
        check=True, capture_output=True).stdout)
    rooms, wanted = (collections.defaultdict(lambda: [0, 0]) for _ in range(2))
    for file in report["data"][0]["files"]:
        path = file["filename"]
        if "/src/" not in path or path.endswith("_test.cc") or "/testing/" in path:
            continue
        inside = path.split("/src/", 1)[1]
        counts = lines_of(file["segments"]).values()
        parts = [inside.rsplit("/", 1)[0]], [name for name in TARGETS if name == "all" or inside.startswith((name + "/", name + "."))]
        for totals, names in zip((rooms, wanted), parts):
            for name in names:
                totals[name][0] += sum(count > 0 for count in counts)
                totals[name][1] += len(counts)

    for room in sorted(rooms):
        print(share(room, rooms)[0])
    short = []
    for name, target in TARGETS.items():
        line, percent = share(name, wanted)
        print(f"{line}  (target {target} %{', missed' if percent < target else ''}; held to {HELD[name]} %)")
        if percent < HELD[name]:
            short.append(name)
    sys.exit(f"coverage: below what is held: {', '.join(short)}" if short else 0)


def share(name, totals):
    covered, lines = totals[name]
    return f"{name:14s} {covered:6d} of {lines:6d} lines  {100 * covered / max(lines, 1):5.1f} %", 100 * covered / max(lines, 1)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
