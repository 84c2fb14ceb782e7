#!/usr/bin/env python3
"""The cache of answers beside GPTCache (MiniLM, sqlite, faiss): what a hit costs, and how often each is wrong.

usage: cache.py [--entries 10000,100000] [--rounds N] [--only times|wrong] [--pairs FILE] [--alone] [--tiny]
Both hold the same questions (headings of Perl's FAQ, each for some countries) and are asked the same ones in other words,
in turns. The peer embeds each (by torch, in its process); ours those alone that it does not find by their words, and the
ones with a slip, which are measured by themselves (by the engine process, as in the product).
Ours holds real answers and holds each hit against a real library of this project's documents. Wrong hits are counted on
pairs that ask different things by construction (cache_pairs.cc); GPTCache by its default threshold and by our distance.
--alone: without the peer, which takes some half an hour to be filled with 100,000.
"""
import argparse
import contextlib
import json
import pathlib
import random
import re
import subprocess
import tempfile

from figures import BINARY, ROOT, Figures, median_with_interval, peer_python, progress

PROGRAM = BINARY.parent / "bench" / "cache"
PAIRS = BINARY.parent / "bench" / "cache_pairs"
PEER = pathlib.Path(__file__).parent / "peers" / "gptcache_hit.py"
EMBEDDED = 2_000
OURS_AT_MOST = 0.1  # cache.max_distance


def mistyped(question):
    """Two letters of its longest word exchanged: no cache finds it but by its vector."""
    word = max(re.findall("[a-z]{7,}", question), key=len, default=None)
    return question.replace(word, word[:2] + word[3] + word[2] + word[4:], 1) if word else question


def questions(entries):
    headings = []
    for pod in sorted(pathlib.Path("/usr/share/perl").glob("5.*/pod/perlfaq[1-9].pod")):
        headings += re.findall(r"^=head2 ([A-Z][^<(\n]*)\?$", pod.read_text(errors="replace"), re.M)
    codes = json.loads(pathlib.Path("/usr/share/iso-codes/json/iso_3166-1.json").read_text())
    headings = [one for one in headings if not re.search(r"\b(ago|already|current|currently|just|last|latest|lately|modern|new|newest|next|now|recent|recently|still|this|today|yet)\b", one)]
    countries = [one["name"] for one in codes["3166-1"] if re.fullmatch("[A-Za-z ]+", one["name"])]
    every = [f"{heading} {how} {country}?" for heading in dict.fromkeys(headings) for country in countries
             for how in ("in", "for people from", "for a company in")]
    random.Random(7).shuffle(every)
    every = [one for one in every if mistyped(one) != one]
    stored = every[:entries]
    return {"stored": stored, "asked": [f"Please tell me: {one[0].lower()}{one[1:]}" for one in stored[:EMBEDDED]],
            "mistyped": [mistyped(one) for one in stored[:EMBEDDED]], "embedded": EMBEDDED}


class Program:
    """Answers one line of JSON to one line of words."""

    def __init__(self, *command):
        self.process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args[0]} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, command, value):
        self.process.stdin.write(f"{command} {value}\n")
        self.process.stdin.flush()
        return self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def share(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


class Times:
    """Of several rounds: the median of their shares, and the interval in words."""

    def __init__(self, rounds, part, key="us"):
        self.values = [share(one[key], part) for one in rounds]
        self.median, self.low, self.high = median_with_interval(self.values)

    def note(self):
        return f"({self.low:,.4g} to {self.high:,.4g})"


def measure(entries, rounds, tiny, alone, folder, figures):
    asked = 20 if tiny else 200
    given = pathlib.Path(folder, "questions.json")
    given.write_text(json.dumps(questions(entries)))
    data = pathlib.Path(folder, "data")
    data.mkdir()
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(Program(PROGRAM, BINARY.parent, data, given, entries, *sorted(ROOT.glob("docs/*.md"))))
        filled = ours.said
        progress(f"{entries} entries: filled in {filled['seconds']:.1f} s")
        peer = None if tiny or alone else stack.enter_context(Program(peer_python(), PEER, given, entries))
        seen = {name: [] for name in ("exact", "agent", "semantic", "vector", "miss", "keep", "hit", "repeat", "peer miss")}
        for _ in range(rounds):
            for name, times in (("exact", 10 * asked), ("agent", 10 * asked), ("semantic", asked), ("vector", asked),
                                ("miss", asked), ("keep", asked)):
                seen[name].append(ours.ask(name, times))
            if peer:
                for name in ("hit", "repeat", "miss"):
                    seen["peer miss" if name == "miss" else name].append(peer.ask(name, asked))
        start = ours.ask("reopen", 1)
    report(entries, rounds, asked, seen, filled, start, figures)


def report(entries, rounds, asked, seen, filled, start, figures):
    def add(name, part, key, peer_key=None, target=None, values="us"):
        ours = Times(seen[key], part, values)
        peer = Times(seen[peer_key], part) if peer_key and seen[peer_key] else None
        ratio = ours.median / peer.median if peer else None
        met = None
        if target is not None and asked >= 200 and (peer or not peer_key):
            met = (ratio if peer_key else ours.median) <= target
        limit = f"<= {target}" if target is not None else None
        beside = f" peer {peer.note()}" if peer else ""
        figures.add(f"{entries}: {name} {ours.note()}{beside}", "µs", ours.median, peer and peer.median, limit, met, ratio)

    add("exact hit, p50", .5, "exact", target=20)
    add("exact hit, p99", .99, "exact")
    add("exact hit of another agent's answer, p50", .5, "agent", target=5000)
    add("exact hit of another agent's answer, p99", .99, "agent", target=5000)
    add("hit in other words, p50", .5, "semantic", "hit", .25)
    add("hit in other words, p99", .99, "semantic", "hit")
    add("hit with a slip, so by its vector, p50; peer: without it", .5, "vector", "hit", .25)
    add("  of it the embedding, p50", .5, "vector", values="embedding")
    if seen["repeat"]:
        add("hit by the same words, p50", .5, "exact", "repeat")
    add("miss, p50", .5, "miss", "peer miss")
    add("keeping an answer, p50", .5, "keep", values="offer")
    total = rounds * asked
    for name, key, peer_key in (("exact", "exact", None), ("in other words", "semantic", "hit"), ("with a slip", "vector", None)):
        right, of = sum(one["right"] for one in seen[key]), sum(len(one["us"]) for one in seen[key])
        peers = sum(one["right"] for one in seen[peer_key]) / total if peer_key and seen[peer_key] else None
        figures.add(f"{entries}: share of right hits, {name}", "", right / of, peers)
        wrong = sum(one["hits"] - one["right"] for one in seen[key])
        theirs = sum(one["hits"] - one["right"] for one in seen[peer_key]) if peer_key and seen[peer_key] else None
        figures.add(f"{entries}: wrong hits, {name}", "", wrong, theirs, "0", wrong == 0)
    for name in ("semantic", "vector"):
        missed = {why: sum(one["missed"].get(why, 0) for one in seen[name]) for one in seen[name] for why in one["missed"]}
        progress(f"{entries}: {name}: misses: {missed}")
    figures.add(f"{entries}: memory of an entry, with its share of what is hot", "bytes", filled["resident_bytes"] / entries)
    figures.add(f"{entries}:   of it values in memory", "bytes", filled["hot_bytes"] / entries)
    figures.add(f"{entries}: on disk, an entry", "bytes", filled["file_bytes"] / entries)
    figures.add(f"{entries}:   its value before compression", "bytes", filled["value_bytes"] / entries)
    figures.add(f"{entries}: until a start has read it all", "s", start["seconds"])
    figures.add(f"{entries}: entries it has then", "", start["answers"], None, str(entries), start["answers"] >= entries)


def wrong_hits(folder, printed, tiny, figures):
    """The same pairs to both: those that ask different things must not be hits. `printed`: by cache_pairs, if it was run."""
    place = pathlib.Path(folder, "pairs")
    place.mkdir()
    program = [PAIRS, BINARY.parent, place, *(["40"] if tiny else [])]
    out = pathlib.Path(printed).read_bytes() if printed else subprocess.run(program, check=True, capture_output=True).stdout
    pairs = [json.loads(line) for line in out.splitlines()[1:]]

    def given(pair):
        asks_the_same = pair["guards"] == "none" and (pair["same_words"] or pair["distance"] <= OURS_AT_MOST)
        return pair["exact"] or asks_the_same

    chance = random.Random(7)
    different = chance.sample([p for p in pairs if not p["same"]], 20 if tiny else 1500)
    same = chance.sample([p for p in pairs if p["same"]], 20 if tiny else 500)
    counts = {"ours": (sum(map(given, different)), sum(map(given, same)))}
    if not tiny:
        sample = pathlib.Path(folder, "sample.jsonl")
        sample.write_text("".join(json.dumps(p) + "\n" for p in different + same))
        questions_file = pathlib.Path(folder, "none.json")
        questions_file.write_text(json.dumps({"stored": [], "asked": [], "embedded": 0}))
        with Program(peer_python(), PEER, questions_file, 0) as peer:
            for name, said in peer.ask("pairs", sample).items():
                # Wrong is what it gives for a pair of different questions: the answer to that very question is not there.
                hits = [bool(one["given"]) for one in said]
                counts[name] = (sum(hits[:len(different)]), sum(hits[len(different):]))
    for name in [one for one in ("default", "distance") if one in counts] or [None]:
        words = {"default": "GPTCache's default", "distance": "GPTCache at our distance", None: "alone"}[name]
        figures.add(f"wrong hits of {len(different)} different pairs; peer: {words}", "", counts["ours"][0],
                    counts[name][0] if name else None, "0", counts["ours"][0] == 0)
        figures.add(f"hits of {len(same)} pairs that ask the same; peer: {words}", "", counts["ours"][1],
                    counts[name][1] if name else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", default="10000,100000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("times", "wrong"))
    parser.add_argument("--pairs")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    figures = Figures("cache")
    sizes = [100] if args.tiny else [int(one) for one in args.entries.split(",")]
    for entries in [] if args.only == "wrong" else sizes:
        with tempfile.TemporaryDirectory(prefix="docmind-cache-") as folder:
            measure(entries, 1 if args.tiny else args.rounds, args.tiny, args.alone, folder, figures)
    with tempfile.TemporaryDirectory(prefix="docmind-cache-") as folder:
        if args.only != "times":
            wrong_hits(folder, args.pairs, args.tiny, figures)
    figures.finish()


if __name__ == "__main__":
    main()
