#!/usr/bin/env python3
"""Packs the built pages into one file and a table of it, for the binary: pack_web.py DIST OUT writes OUT/pages.bin (all files,
one behind the other) and OUT/packed_files.cc. What lies below assets/ has a hash in its name and is kept compressed; the
index page is small and kept as it is."""
import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2", ".json": "application/json"}

HEAD = """// Made by tools/pack_web.py.
#include "web/impl/packed_files.h"

// hash of all bytes: {hash}
__asm__(".section .rodata\\n.global docmind_web_pages\\n.balign 16\\ndocmind_web_pages:\\n.incbin \\"{bin}\\"\\n.previous\\n");
extern "C" const char docmind_web_pages[];

namespace docmind::web {{

std::vector<File> packed_files() {{
  return {{
"""


def main():
    dist, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    packed, rows = b"", []
    for path in sorted(p for p in dist.rglob("*") if p.is_file()):
        name, content = "/" + path.relative_to(dist).as_posix(), path.read_bytes()
        compressed = name.startswith("/assets/")
        if compressed:
            content = gzip.compress(content, 9, mtime=0)
        rows.append(f'      {{"{name}", "{TYPES[path.suffix]}", "{hashlib.sha256(content).hexdigest()[:16]}", '
                    f"{'true' if compressed else 'false'}, {{docmind_web_pages + {len(packed)}, {len(content)}}}}},\n")
        packed += content
    (out / "pages.bin").write_bytes(packed)
    head = HEAD.format(hash=hashlib.sha256(packed).hexdigest(), bin=out / "pages.bin")
    (out / "packed_files.cc").write_text(head + "".join(rows) + "  };\n}\n\n}  // namespace docmind::web\n")


main()
