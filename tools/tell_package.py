#!/usr/bin/env python3
"""What a package says of the program: its man page and completion, from what the binary says of itself, and Debian's changelog.

usage: tell_package.py BINARY VERSION FOLDER     writes docmind.1.gz, docmind.bash and changelog.Debian.gz into FOLDER
The day in them is SOURCE_DATE_EPOCH, else that of the last commit, so that a build made twice is the same.
"""
import email.utils
import gzip
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMON = ("--help", "--data", "--config", "--set", "--json", "--version")


def said(binary, *args):
    return subprocess.run([binary, *args], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin", "HOME": "/"}).stdout


def day():
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
        given = asked.stdout.strip() or "0"
    return int(given)


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"(?m)^\.", r"\\&.", text)


def subcommands(help_text):
    """[(name, what it does)] of a help text."""
    listed = re.search(r"^Subcommands:\n((?:  .*\n)+)", help_text, re.MULTILINE)
    return re.findall(r"^  (\S+)\s+(.+)$", listed[1], re.MULTILINE) if listed else []


def options(help_text):
    """[(option or argument, what it is)] of a help text, without those that every command has."""
    out = []
    for line in help_text.split("\nExamples of ", 1)[0].splitlines():
        named = re.match(r"^ {2,4}(-\S.*?|[a-z]\S* [A-Z].*?)(?: {2,}(.*))?$", line)
        if named and not any(common in named[1] for common in COMMON):
            out.append([named[1], named[2] or ""])
        elif out and re.match(r"^ {20,}\S", line) and not out[-1][1]:
            out[-1][1] = line.strip()
    return out


def examples(help_text):
    return [line.strip() for line in help_text.partition("\nExamples of ")[2].splitlines()[1:] if line.strip()]


def of_command(binary, path):
    text = said(binary, *path, "--help")
    out = ["." + f'SS "docmind {escaped(" ".join(path))}"', escaped(text.splitlines()[0]) + "."]
    for name, what in options(text):
        out += [".TP", f".B {escaped(name)}", escaped(what)]
    if examples(text):
        out += [".PP", ".nf", ".RS", *map(escaped, examples(text)), ".RE", ".fi"]
    for name, _ in subcommands(text):
        out += of_command(binary, [*path, name])
    return out


def man_page(binary, version):
    text = said(binary, "--help")
    page = [f'.TH DOCMIND 1 "{time.strftime("%Y-%m-%d", time.gmtime(day()))}" "docmind {version}" "User Commands"',
            ".SH NAME", "docmind \\- answers from your own documents, with citations",
            ".SH SYNOPSIS", ".B docmind", ".RI [ options ] \" command \" [ arguments ]",
            ".SH DESCRIPTION", escaped(text.splitlines()[0]),
            ".SH OPTIONS", "All commands have these."]
    for name, what in re.findall(r"^  (-\S.*?) {2,}(.+)$", text, re.MULTILINE):
        page += [".TP", f".B {escaped(name)}", escaped(what)]
    page.append(".SH COMMANDS")
    for name, _ in subcommands(text):
        page += of_command(binary, [name])
    page += [".SH EXIT STATUS",
             "0 done; 1 nothing succeeded; 2 wrong arguments; 3 some files failed; 4 a quality limit was passed;",
             "78 the settings are wrong; 130 stopped by Ctrl\\-C.",
             ".SH FILES", ".TP", ".I /etc/docmind/docmind.yaml", "Settings of the machine's service.",
             ".TP", ".I /var/lib/docmind/data", "Its library, chats, keys and models.",
             ".TP", ".I ~/.config/docmind, ~/.local/share/docmind", "The same of a user's own.",
             ".SH SEE ALSO", ".I /usr/share/doc/docmind"]
    return "\n".join(page) + "\n"


def changelog(version):
    return (f"docmind ({version}) unstable; urgency=medium\n\n  * What changed: CHANGELOG.md of the source.\n\n"
            f" -- DocMind maintainers <maintainers@docmind.invalid>  {email.utils.formatdate(day())}\n")


def main():
    binary, version, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("docmind.1.gz", man_page(binary, version)), ("changelog.Debian.gz", changelog(version))):
        (folder / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    (folder / "docmind.bash").write_text(said(binary, "completion", "bash"))


if __name__ == "__main__":
    main()
