#!/usr/bin/env python3
"""Holds src/ to src/ROOMS.

A line "room: a b <x.h>" says: files of room may include the rooms a and b, and are among
the few that may include the foreign header <x.h>. Rooms are listed bottom-up and may name
only rooms above their own line, so a cycle cannot be written down.
"""
import pathlib, re, sys

# Reaching past a seam: pattern -> rooms where it is at home. Tests may do as they like.
AT_HOME = {
    r"\bstd::(cout|cerr)\b|\bf?printf\(": {"base", "cli", "app"},  # base: a failed DM_CHECK
    r"(?<![\w.>:])(?:std::)?(getenv|system|abort|exit)\(": {"base", "sys", "app"},
    r"_clock::now\(|\bsleep_(for|until)\(": {"sys"},
}

src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
allowed, errors = {}, []
for line in filter(None, (l.split("#")[0].strip() for l in (src / "ROOMS").open())):
    room, names = line.split(":")
    for name in names.split():
        if name not in allowed and not name.startswith("<"):
            errors.append(f"{src}/ROOMS: {room} names {name}, which is not above it")
    allowed[room] = set(names.split())
fenced = {name for names in allowed.values() for name in names if name.startswith("<")}


def room_of(path):  # longest listed prefix: llm/ollama/x.cc is in llm/ollama, not in llm
    parts = path.split("/")[:-1]
    prefixes = ("/".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((p for p in prefixes if p in allowed), None)


for file in sorted(p for p in src.rglob("*") if p.suffix in {".h", ".cc"}):
    here = room_of(file.relative_to(src).as_posix())
    if here is None:
        errors.append(f"{file}: in no room of ROOMS")
        continue
    for n, line in enumerate(file.read_text().splitlines(), 1):
        at = f"{file}:{n}: "
        if m := re.match(r'\s*#\s*include\s*(?:"([^"]+)"|(<[^>]+>))', line):
            header, foreign = m.groups()
            there = room_of(header) if header else None
            if foreign:
                if foreign in fenced and foreign not in allowed[here]:
                    errors.append(at + f"{foreign} is not for {here}")
            elif there is None:
                errors.append(at + f'"{header}" is not room/header.h')
            elif there != here and there not in allowed[here]:
                errors.append(at + f"{here} may not include {there}")
            elif there != here and "/impl/" in header:
                errors.append(at + f"{header} is private to {there}")
        elif not (file.stem.endswith("_test") or "testing" in file.parts):
            code = line.split("//")[0]
            errors += [at + f"{m[0]} is not for {here}" for pattern, homes in AT_HOME.items()
                       if here not in homes and (m := re.search(pattern, code))]

print("\n".join(errors) or f"{len(allowed)} rooms hold")
sys.exit(bool(errors))
