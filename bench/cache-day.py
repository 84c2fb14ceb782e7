#!/usr/bin/env python3
"""A day of questions to the real server: how many of them the cache of answers serves, and whether one is wrong.

usage: cache-day.py [--questions N] [--verbatim SHARE] [--tiny]
The library: Perl's FAQ, a file for each of its questions, this project's pages and Debian's three manuals. 35 % of the
questions are new: real ones, and near misses of those asked before (another number, the opposite word, another direction).
65 % come again, often asked ones more often (Zipf), if they were answered whole: what the documents do not answer is not
kept, so its share is told beside. So many of them come in the same words (--verbatim, default one half), the others
reworded, each class of rewording as often as any other. Three times documents change, go and come. What asks the
same is known from how the questions were made; each answer given again is also held against what the server makes afresh
of the stored question. Answers are extractive; the day passes in minutes, and nothing here is old enough to expire.
"""
import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import tempfile
import time
import urllib.request

from figures import BINARY, ROOT, Figures, median_with_interval, progress
from harness import manuals

PAIRS = BINARY.parent / "bench" / "cache_pairs"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
NEW = 0.35
CHANGED = 10  # Documents, three times.


class Server:
    def __init__(self, data):
        self.data = data
        self.process = subprocess.Popen([BINARY, "--data", data, "serve", "--port", "0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().split()[-1]

    def call(self, path, body=None):
        request = urllib.request.Request(self.address + path, json.dumps(body).encode() if body else None,
                                         {"Content-Type": "application/json"})
        with OPENER.open(request, timeout=120) as reply:
            return json.loads(reply.read())

    def ask(self, question, **fields):
        return self.call("/api/ask", {"question": question, **fields})

    def counted(self):
        """Why questions were no hits, answers not kept or dropped: the server's own counts."""
        with OPENER.open(self.address + "/metrics", timeout=60) as reply:
            return [line for line in reply.read().decode().splitlines()
                    if line.startswith(("docmind_cache_misses", "docmind_cache_not_kept", "docmind_cache_dropped"))]

    def command(self, *words):
        subprocess.run([BINARY, "--data", self.data, *words], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def write_library(folder, wanted):
    """Perl's FAQ, one file for each question, or for those wanted; those held back come during the day."""
    files = []
    for pod in sorted(pathlib.Path("/usr/share/perl").glob("5.*.*/pod/perlfaq[1-9].pod")):
        for number, section in enumerate(re.split(r"^=head2 ", pod.read_text(errors="replace"), flags=re.M)[1:]):
            heading, _, body = section.partition("\n")
            body = re.sub(r"^=\w+.*$", "", body, flags=re.M)
            body, heading = (re.sub(r"[A-Z]<+\s*(.*?)\s*>+", r"\1", text) for text in (body, heading))
            if wanted is None or heading in wanted:
                files.append((folder / f"{pod.stem}-{number}.md", f"# {heading}\n\n" + re.sub(r"\n{3,}", "\n\n", body).strip() + "\n"))
    late = files[::15]
    for path, text in files:
        if (path, text) not in late:
            path.write_text(text)
    return late


def pairs_of(folder, most):
    out = subprocess.run([PAIRS, BINARY.parent, folder, *([str(most)] if most else [])], check=True, capture_output=True).stdout
    return [json.loads(line) for line in out.splitlines()[1:]]


def material(pairs):
    """Of each real question: its rewordings by class, and its near misses, each with what it really asks."""
    rewordings = collections.defaultdict(lambda: collections.defaultdict(list))
    near = collections.defaultdict(list)
    for pair in pairs:
        if pair["same"] and pair["a"] == pair["base"]:
            rewordings[pair["base"]][pair["kind"].split()[0]].append(pair["b"])
        if not pair["same"] and pair["kind"] != "neighbour":
            for text in {pair["a"], pair["b"]} - {pair["base"]}:
                # "is not" and "isn't" ask the same, and so do two that differ in capitals or the mark at the end.
                asks = pair["base"] + " (not)" if pair["kind"] == "polarity" and pair["a"] == pair["base"] else text
                asks = asks if asks == pair["base"] else asks.lower().rstrip("?!. ")
                near[pair["base"]].append((text, asks))
    return rewordings, near


class Day:
    """Gives (question, what it asks, its class), one after the other."""

    def __init__(self, pairs, length, verbatim, chance):
        self.rewordings, self.near = material(pairs)
        self.verbatim, self.chance = verbatim, chance
        self.bases = sorted(self.rewordings)
        chance.shuffle(self.bases)
        self.new = [place < round(NEW * length) for place in range(length)]
        chance.shuffle(self.new)
        self.asked, self.seen = [], set()
        self.answered = []  # Of the real ones, in the order in which they are asked again: the first most often.

    def tell(self, text, kind, answered):
        """What nobody can answer, or no longer since a document went, is not among those that come again."""
        if kind == "new" and answered:
            self.answered.append(text)
        elif kind == "same words" and not answered:
            self.answered.remove(text)

    def question(self, place):
        if not self.new[place] and self.answered:
            base = self.chance.choices(self.answered, [1 / (rank + 1) for rank in range(len(self.answered))])[0]
            if self.chance.random() < self.verbatim or not self.rewordings[base]:
                return base, base, "same words"
            kind = self.chance.choice(sorted(self.rewordings[base]))
            return self.chance.choice(self.rewordings[base][kind]), base, kind
        left = [one for base in self.asked for one in self.near[base] if one[0] not in self.seen]
        if left and (place % 3 == 0 or len(self.asked) == len(self.bases)):
            text, asks = self.chance.choice(left)
            self.seen.add(text)
            return text, asks, "near miss"
        self.asked.append(self.bases[len(self.asked)])
        return self.asked[-1], self.asked[-1], "new"


def change(server, folder, late, chance):
    """Some documents get a sentence more, some go, some come."""
    files = sorted(folder.iterdir())
    for path in chance.sample(files, min(CHANGED, len(files))):
        path.write_text(path.read_text() + f"\nThis page was looked through again, for the time {chance.random()}.\n")
    for path in chance.sample(files, 2):
        server.command("delete", path)
        path.unlink()
    for path, text in late:
        path.write_text(text)
    server.command("ingest", folder)


def content(answer):
    return answer["answer"], [c["quote"] for claim in answer["claims"] for c in claim["citations"]]


class Tally:
    def __init__(self):
        self.asked, self.hits = collections.Counter(), collections.Counter()
        self.layers, self.seconds = collections.Counter(), collections.defaultdict(list)
        self.wrong, self.stale = [], []
        self.answered = self.made = 0


def run(server, day, length, changes):
    """`changes`: by place in the day, what is done before that question."""
    tally, fresh, asks = Tally(), {}, {}
    for place in range(length):
        if place in changes:
            changes[place]()
            fresh.clear()
        text, what, kind = day.question(place)
        asks[text] = what
        start = time.perf_counter()
        answer = server.ask(text)
        tally.seconds["miss" if answer["cache"] == "miss" else "hit"].append(time.perf_counter() - start)
        tally.asked[kind] += 1
        tally.layers[answer["cache"]] += 1
        if answer["cache"] == "miss":
            tally.made += 1
            tally.answered += answer["status"] == "answered"
            day.tell(text, kind, answer["status"] == "answered")
            continue
        tally.hits[kind] += 1
        stored = server.call(f"/api/traces/{answer['trace_id']}")["cache"]["question"]
        if asks[stored] != asks[text]:
            tally.wrong.append((text, stored))
        if stored not in fresh:
            fresh[stored] = content(server.ask(stored, cache="bypass"))
        if fresh[stored] != content(answer):
            tally.stale.append((text, stored))
    return tally


def report(tally, length, tiny, figures):
    hits = sum(tally.hits.values())
    figures.add(f"{length} questions: hits of all", "", hits / length, None, None if tiny else ">= 0.6",
                None if tiny else hits / length >= 0.6)
    figures.add("wrong: the stored question asks something else", "", len(tally.wrong), None, "0", not tally.wrong)
    figures.add("stale: not what is made afresh of the stored question", "", len(tally.stale), None, "0", not tally.stale)
    for text, stored in tally.wrong + tally.stale:
        progress(f"not the answer to {text!r}: that to {stored!r}")
    again = sum(n for kind, n in tally.asked.items() if kind not in ("new", "near miss"))
    figures.add("asked again, of all", "", again / length)
    figures.add("  of them hits", "", sum(n for kind, n in tally.hits.items() if kind not in ("new", "near miss")) / again)
    for kind in [] if tiny else sorted(tally.asked):
        figures.add(f"  hits of {tally.asked[kind]}: {kind}", "", tally.hits[kind] / tally.asked[kind], None,
                    "0" if kind in ("new", "near miss") else None)
    figures.add("exact, of all", "", tally.layers["exact"] / length)
    figures.add("semantic, of all", "", tally.layers["semantic"] / length, None, "0" if tiny else None)
    figures.add("answered whole, of those that were made: others are not kept", "", tally.answered / max(1, tally.made))
    for kind in ("hit", "miss"):
        if tally.seconds[kind]:
            median, low, high = median_with_interval([1000 * s for s in tally.seconds[kind]])
            figures.add(f"a {kind}, client's clock, p50 ({low:.3g} to {high:.3g})", "ms", median)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--verbatim", type=float, default=0.5)
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    length = 100 if args.tiny else args.questions
    chance = random.Random(7)
    figures = Figures("cache-day")
    with tempfile.TemporaryDirectory(prefix="docmind-day-") as name:
        work = pathlib.Path(name)
        for part in ("documents", "data", "pairs"):
            (work / part).mkdir()
        pairs = pairs_of(work / "pairs", 60 if args.tiny else None)
        day = Day(pairs, length, args.verbatim, random.Random(7))
        late = write_library(work / "documents", set(day.bases) if args.tiny else None)
        server = Server(work / "data")
        try:
            server.command("ingest", work / "documents", *([] if args.tiny else [ROOT / "docs", *manuals(work)]))
            progress("the library is there")
            third = -(-len(late) // 3)
            changes = {length * (i + 1) // 4: lambda some=late[i * third:(i + 1) * third]:
                       change(server, work / "documents", some, chance) for i in range(3)}
            report(run(server, day, length, changes), length, args.tiny, figures)
            progress("\n".join(server.counted()))
        finally:
            server.stop()
    figures.finish()


if __name__ == "__main__":
    main()
