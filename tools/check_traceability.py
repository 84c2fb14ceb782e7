#!/usr/bin/env python3
"""Holds docs/traceability.md to the specifications and to the tree: every id of tools/specification_ids.txt stands in its tables
exactly once, every row names requirements and places that there are, and what is said to show it exists as a test, or the row says
"not yet", "withdrawn" or "not on this machine", and why."""
import pathlib
import re
import sys

ROWS = {"A": 7, "B": 4, "C": 2, "D": 6, "E": 5, "F": 5, "G": 3, "H": 3, "I": 2, "J": 4, "K": 4, "L": 12}  # Requirements: A1 to A7, ...
ABSENT = re.compile(r"^(?:not yet|withdrawn|not on this machine): \S.*")
TEST_MACRO = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
SCRIPTS = {"e2e/web_": "tests/e2e/web/test_{}.mjs", "e2e/": "tests/e2e/test_{}.py", "tools/": "tests/tools/test_{}.py",
           "bench ": "bench/{}.py", "peers ": "tests/peers/{}.py", "coverage": "tools/coverage.py"}


def unit_tests(root):
    """room/Suite.Test of every test in the sources, as CMakeLists.txt names them: of the longest room that a folder is in."""
    rooms = [line.split(":")[0] for line in (root / "src/ROOMS").read_text().splitlines() if line and line[0] != "#"]
    found = set()
    for source in (root / "src").rglob("*_test.cc"):
        folder = source.relative_to(root / "src").as_posix()
        room = max((room for room in rooms if folder.startswith(room + "/")), key=len, default="")
        found |= {f"{room}/{suite}.{name}" for suite, name in TEST_MACRO.findall(source.read_text())}
    return found


def exists(test, root, tests):
    for beginning, path in SCRIPTS.items():
        if test.startswith(beginning):
            return (root / path.format(test.removeprefix(beginning))).exists()
    return any(found.startswith(test[:-1]) for found in tests) if test.endswith(".*") else test in tests


def faults_of(cells, root, tests):
    """What is wrong with a row: its cells are names, what is asked for, requirements, places, what shows it."""
    _, _, requirements, where, shown = cells
    for requirement in requirements.split():
        if not re.fullmatch(r"[A-L][1-9]\d?", requirement) or int(requirement[1:]) > ROWS[requirement[0]]:
            yield f"there is no requirement {requirement}"
    if not requirements:
        yield "names no requirement"
    yield from (f"{place} is not there" for place in re.findall(r"`([^`]+)`", where) if not (root / place).exists())
    said, _, absent = shown.partition("; ")
    if not said.startswith("`"):
        said, absent = "", shown
    if absent and not ABSENT.match(absent):
        yield f'"{absent}" is neither a test nor "not yet: ...", "withdrawn: ..." or "not on this machine: ..."'
    if not said and not absent:
        yield "says nothing that shows it"
    yield from (f"there is no test {test}" for test in re.findall(r"`([^`]+)`", said) if not exists(test, root, tests))


def check(root):
    tests, seen, errors = unit_tests(root), [], []
    for number, line in enumerate((root / "docs/traceability.md").read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `"):
            continue
        if len(cells) != 5:
            errors.append(f"docs/traceability.md:{number}: {len(cells)} cells where 5 belong")
            continue
        seen += re.findall(r"`([^`]+)`", cells[0])
        errors += [f"docs/traceability.md:{number}: {fault}" for fault in faults_of(cells, root, tests)]
    wanted = [line for line in (root / "tools/specification_ids.txt").read_text().splitlines() if line and line[0] != "#"]
    errors += [f"docs/traceability.md: {name} is there {seen.count(name)} times, not once" for name in wanted if seen.count(name) != 1]
    errors += [f"docs/traceability.md: {name} is no id of the specifications" for name in sorted(set(seen) - set(wanted))]
    return errors, len(wanted)


if __name__ == "__main__":
    faults, ids = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    print("\n".join(faults) or f"{ids} ids of the specifications are traced")
    sys.exit(bool(faults))
