#!/usr/bin/env python3
"""How often the answer cache would be wrong at each distance, with what confidence, and what it finds.

usage: cache-threshold.py [--tiny] [--pairs FILE] [--written FILE]
--pairs: what cache_pairs has printed. --written: pairs that people wrote (class P10), {"a", "b", "same"} a line; no such
set is in this project, so without one nothing is said of them.
Thousands of pairs of questions, made by rule of real ones (cache_pairs.cc), with the guards' word and the distance that the
bundled embedding model puts between them. The semantic layer gives an answer when the guards find no difference and either
every word is the same word or the distance is at most cache.max_distance; wrong is such a pair that asks different things. Half of the questions was looked at
while the guards were made; the other half, and those of Debian's FAQ and of tests/data/fresh_questions.tsv, calibrate.
The bound is Clopper and Pearson's upper one at 95 % confidence. Pairs of one question are not independent, so the one that
the program tells counts a question once with all its pairs. Conformal risk control (Angelopoulos et al. 2022): at most
1 % is wrong in expectation where (wrong + 1) / (n + 1) is.
"""
import collections
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from figures import BINARY, ROOT, Figures

PAIRS = BINARY.parent / "bench" / "cache_pairs"
AT = 0.1  # cache.max_distance
LEAST_OF = {"P8", "P9"}  # Classes that the guards are not asked to find.


def upper_bound(wrong, n, confidence=0.95):
    """Clopper–Pearson: the share at which so few wrong ones, or fewer, would come in one of twenty times."""
    def at_most(share):
        term, total = (1 - share) ** n, 0.0
        for k in range(wrong + 1):
            total += term
            term *= (n - k) / (k + 1) * share / (1 - share)
        return total
    if wrong >= n:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(middle) > 1 - confidence else (low, middle)
    return high


def fresh_questions():
    """Real questions that nobody has looked at for the guards' sake."""
    out = [line.split("\t")[2] for line in (ROOT / "tests/data/fresh_questions.tsv").read_text().splitlines()
           if not line.startswith("#")]
    for page in sorted(pathlib.Path("/usr/share/doc/debian/FAQ").glob("*.en.html")):
        for heading in re.findall(r"<h[1-4][^>]*>(.*?)</h[1-4]>", page.read_text(errors="replace"), re.S):
            text = " ".join(html.unescape(re.sub("<[^>]+>", "", heading)).split())
            out.append(re.sub(r"^(Chapter )?[\d.]+\s*", "", text))
    return [text for text in dict.fromkeys(out) if text.endswith("?")]


def served(pairs, distance):
    """By the semantic layer: what is equal but for its marks has no need of it."""
    return [p for p in pairs if not p["exact"] and found(p, distance)]


def found(pair, distance):
    return pair["exact"] or pair["guards"] == "none" and (pair["same_words"] or pair["distance"] <= distance)


def by_question(pairs):
    """Each question once: wrong if any of its pairs is."""
    out = collections.defaultdict(bool)
    for pair in pairs:
        out[pair["base"]] |= not pair["same"]
    return sum(out.values()), len(out)


def by_pair(pairs):
    return sum(not p["same"] for p in pairs), len(pairs)


def least_distance(pairs, count, share, bound):
    """From which distance on the bound is below `share`, among those that occur; None: nowhere."""
    distances = sorted({round(p["distance"], 3) + 0.001 for p in served(pairs, 1)})
    below = [d for d in distances if bound(*count(served(pairs, d))) <= share]
    return (below[0], below[-1]) if below else None


def conformal(wrong, n):
    return (wrong + 1) / (n + 1)


def thresholds(name, pairs, tiny, figures):
    for words, count in (("pairs", by_pair), ("questions", by_question)):
        for distance, where in ((AT, f"at distance {AT}"), (1, "by the guards alone")):
            wrong, n = count(served(pairs, distance))
            figures.add(f"{name}, {where}: wrong of {n} {words} served", "", wrong, None, "0", wrong == 0)
            if n:
                bound = upper_bound(wrong, n)
                judged = name == "untouched" and not tiny
                figures.add("  at most so many of a hundred are, 95 % confidence", "%", 100 * bound, None,
                            "<= 1" if judged else None, bound <= 0.01 if judged else None)
                figures.add("  expected, by conformal risk control", "%", 100 * conformal(wrong, n))
        for what, bound in (("95 % confidence", upper_bound), ("expected", conformal)):
            least = least_distance(pairs, count, 0.01, bound)
            if least:
                figures.add(f"{name}: least distance with 1 % or less wrong ({what}, {words})", "", least[0])
                figures.add("  greatest distance that occurs with it", "", least[1])


def told(pairs, tiny, figures):
    """What `docmind cache stats` says is what is measured here."""
    with tempfile.TemporaryDirectory(prefix="docmind-told-") as folder:
        for distance in (AT, 1):
            out = subprocess.run([BINARY, "--data", folder, "--set", f"cache.max_distance={distance}", "cache", "stats",
                                  "--json"], check=True, capture_output=True).stdout
            says = json.loads(out)["calibration"]
            wrong, n = by_question(served(pairs, distance))
            same = (says["wrong"], says["served"]) == (wrong, n)
            figures.add(f"served at distance {distance}, as the program tells it; peer: as measured", "", says["served"], n,
                        "equal", None if tiny else same)


def without_guards(pairs, figures):
    near = [p for p in pairs if p["distance"] <= AT and not p["exact"]]
    wrong, n = by_pair(near)
    figures.add(f"without guards, at distance {AT}: wrong of {n} pairs served", "", wrong, None, "0")


def recall(pairs, tiny, figures):
    """Of the questions that cache/guard's own test has, so that the two can be compared."""
    fresh = set(fresh_questions())
    same = [p for p in pairs if p["same"] and p["base"] not in fresh]
    kinds = collections.defaultdict(list)
    for pair in same:
        kinds[pair["kind"]].append(pair)
    kinds["P1 to P7"] = [p for p in same if p["kind"].split()[0] not in LEAST_OF]
    for kind, some in sorted(kinds.items()):
        alone = sum(p["exact"] or p["guards"] == "none" for p in some) / len(some)
        both = sum(found(p, AT) for p in some) / len(some)
        goal = kind == "P1 to P7"
        figures.add(f"found of {len(some)}: {kind} (guards alone {alone:.3f})", "", both, None,
                    ">= 0.6" if goal else "0", both >= 0.6 if goal and not tiny else None)
    some = kinds["P1 to P7"]
    for distance in (0.2, 0.4):  # What cache.max_distance could be set to.
        figures.add(f"found of P1 to P7 at distance {distance}", "", sum(found(p, distance) for p in some) / len(some))
    without = sum(p["exact"] or p["plain"] and p["same_words"] for p in some) / len(some)
    figures.add("found of P1 to P7 without a vector", "", without)
    far = sum(p["shared_words"] < 0.7 for p in same) / len(same)
    figures.add("share of these pairs with less than 70 % of their words in common", "", far, None, ">= 0.5",
                far >= 0.5 if not tiny else None)


def written(file, figures):
    """People's own labels are not always right: what they call different and is served is printed, to be looked at."""
    with tempfile.TemporaryDirectory(prefix="docmind-pairs-") as folder:
        out = subprocess.run([PAIRS, BINARY.parent, folder, "pairs", file], check=True, capture_output=True).stdout
    pairs = [json.loads(line) for line in out.splitlines()[1:]]
    for same, what in ((True, "the same"), (False, "different things")):
        some = [p for p in pairs if p["same"] == same]
        given = [p for p in some if found(p, AT)]
        figures.add(f"P10, {len(some)} pairs that people say ask {what}: served", "", len(given) / len(some), None, None if same else "0")
        figures.add("  by the distance alone", "", sum(p["distance"] <= AT for p in some) / len(some))
        for pair in [] if same else given:
            print(f"served: {pair['a']!r} for {pair['b']!r}", file=sys.stderr)


def main():
    tiny = "--tiny" in sys.argv
    figures = Figures("cache-threshold")
    if "--pairs" in sys.argv:
        out = pathlib.Path(sys.argv[sys.argv.index("--pairs") + 1]).read_bytes()
    else:
        with tempfile.TemporaryDirectory(prefix="docmind-pairs-") as folder:
            fresh = pathlib.Path(folder, "fresh.txt")
            fresh.write_text("".join(text + "\n" for text in fresh_questions()))
            out = subprocess.run([PAIRS, BINARY.parent, folder, "40" if tiny else "1000000", fresh], check=True,
                                 capture_output=True).stdout
    embedder, *pairs = map(json.loads, out.splitlines())
    print(f"embedding model {embedder['embedder']}, {embedder['hash']}", file=sys.stderr)
    figures.add("pairs that ask the same", "", sum(p["same"] for p in pairs), None, ">= 1,000", tiny or sum(p["same"] for p in pairs) >= 1000)
    figures.add("pairs that ask different things", "", sum(not p["same"] for p in pairs))
    untouched = [p for p in pairs if p["untouched"]]
    thresholds("untouched", untouched, tiny, figures)
    thresholds("all", pairs, tiny, figures)
    told(untouched, tiny, figures)
    without_guards(pairs, figures)
    recall(pairs, tiny, figures)
    if "--written" in sys.argv:
        written(sys.argv[sys.argv.index("--written") + 1], figures)
    figures.finish()


if __name__ == "__main__":
    main()
