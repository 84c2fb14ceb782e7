#!/usr/bin/env python3
"""Ranking quality of the real index: nDCG@10 and MAP of BM25, vectors and both.

usage: ranking.py [cacm|perlfaq] [--tiny]
cacm: the test collection in tests/data/cacm; scored, with targets. perlfaq: known items, the question headings of Perl's
FAQ against their answers (without the headings); parameters are chosen on these, never on cacm.
BM25 is checked by a scorer of its own below, which reads the same terms and shares no code with the index.
"""
import collections
import html
import json
import math
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

from figures import BINARY, ROOT, Figures

DEPTH = 1000
PERLFAQ = pathlib.Path("/usr/share/perl")


def cacm(folder):
    """Abstracts as text files: title, abstract, date, authors, keywords; not the catalogue's own number and references."""
    data = ROOT / "tests" / "data" / "cacm"
    with tarfile.open(data / "cacm.tar.gz") as archive:
        for member in archive.getmembers():
            if member.isfile():
                raw = archive.extractfile(member).read().decode("latin-1")
                text = html.unescape(re.sub(r"<[^>]+>", " ", raw))
                text = re.split(r"^CA\d{6}", text, maxsplit=1, flags=re.M)[0]
                (folder / (pathlib.Path(member.name).stem + ".txt")).write_text(text.strip() + "\n")
    queries = {}
    for block in (data / "topics.txt").read_text().split("<DOC>")[1:]:
        number = re.search(r"<DOCNO>\s*(\d+)", block)[1]
        queries[number] = " ".join(re.sub(r"<[^>]+>", "", block.split("</DOCNO>")[1]).split())
    relevant = collections.defaultdict(dict)
    for line in (data / "qrels.txt").read_text().splitlines():
        query, _, document, grade = line.split()
        relevant[query][document] = float(grade)
    return queries, relevant


def perlfaq(folder):
    """One text file per answer, one query per question heading."""
    queries, relevant = {}, {}
    pods = sorted(PERLFAQ.glob("5.*/pod/perlfaq[1-9].pod"))
    for pod in pods:
        for number, section in enumerate(re.split(r"^=head2 ", pod.read_text(errors="replace"), flags=re.M)[1:]):
            heading, _, body = section.partition("\n")
            body = re.sub(r"^=\w+.*$", "", body, flags=re.M)
            body = re.sub(r"[A-Z]<+\s*(.*?)\s*>+", r"\1", body)
            if len(body.split()) < 20:
                continue
            name = f"{pod.stem}-{number}"
            (folder / f"{name}.txt").write_text(re.sub(r"\n{3,}", "\n\n", body).strip() + "\n")
            queries[name] = re.sub(r"[A-Z]<+\s*(.*?)\s*>+", r"\1", heading)
            relevant[name] = {name: 1.0}
    return queries, relevant


def evaluate(run, relevant, queries):
    """Mean nDCG@10 (gain 2^grade - 1) and MAP over the queries that have something relevant."""
    ndcg = precision = counted = 0
    for query, grades in relevant.items():
        wanted = sum(grade > 0 for grade in grades.values())
        if query not in queries or not wanted:
            continue
        ranked = run.get(query, [])
        gain = sum((2 ** grades.get(d, 0) - 1) / math.log2(i + 2) for i, d in enumerate(ranked[:10]))
        ideal = sum((2 ** g - 1) / math.log2(i + 2) for i, g in enumerate(sorted(grades.values(), reverse=True)[:10]))
        found = total = 0
        for i, document in enumerate(ranked):
            if grades.get(document, 0) > 0:
                found += 1
                total += found / (i + 1)
        ndcg, precision, counted = ndcg + gain / ideal, precision + total / wanted, counted + 1
    return ndcg / counted, precision / counted


def independent_bm25(out):
    """k1 1.2, b .75, idf ln(1 + (N - n + .5) / (n + .5)): the formula of library/lexical_index.h."""
    rows = [json.loads(line) for line in open(out / "terms.jsonl")]
    average = sum(row["length"] for row in rows) / len(rows)
    postings = collections.defaultdict(dict)
    for number, row in enumerate(rows):
        for term, count in collections.Counter(row["terms"]).items():
            postings[term][number] = count
    run = {}
    for line in open(out / "query_terms.jsonl"):
        query = json.loads(line)
        scores = collections.defaultdict(float)
        for term in set(query["terms"]):
            holders = postings.get(term, {})
            idf = math.log(1 + (len(rows) - len(holders) + 0.5) / (len(holders) + 0.5))
            for number, count in holders.items():
                norm = count + 1.2 * (0.25 + 0.75 * rows[number]["length"] / average)
                scores[number] += idf * count * 2.2 / norm
        ranked = sorted(scores, key=lambda number: (-scores[number], rows[number]["chunk"]))
        run[query["query"]] = list(dict.fromkeys(rows[number]["document"] for number in ranked[:DEPTH]))
    return run


def read_run(path):
    runs = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in open(path):
        mode, query, _, document = line.rstrip("\n").split("\t")
        runs[mode][query].append(document)
    return runs


def main():
    collection = next((arg for arg in sys.argv[1:] if not arg.startswith("-")), "cacm")
    tiny = "--tiny" in sys.argv
    figures = Figures("ranking" if collection == "cacm" else f"ranking-{collection}")
    with tempfile.TemporaryDirectory(prefix="docmind-ranking-") as name:
        work = pathlib.Path(name)
        for part in ("documents", "data", "out"):
            (work / part).mkdir()
        queries, relevant = {"cacm": cacm, "perlfaq": perlfaq}[collection](work / "documents")
        if tiny:
            for path in sorted((work / "documents").iterdir())[60:]:
                path.unlink()
        (work / "queries.tsv").write_text("".join(f"{query}\t{text}\n" for query, text in queries.items()))
        subprocess.run([BINARY.parent / "bench" / "ranking", BINARY.parent, work / "data", work / "queries.tsv",
                        str(DEPTH), work / "out", work / "documents"], check=True)
        results = {mode: evaluate(run, relevant, queries) for mode, run in read_run(work / "out" / "run.tsv").items()}
        plain = evaluate(independent_bm25(work / "out"), relevant, queries)
    judged = collection == "cacm" and not tiny
    peers = {"bm25": (0.4253, 0.2946), "dense": (0.4423, 0.2981), "hybrid": (0.5118, 0.3522)} if judged else {}
    for place, measure in enumerate(("nDCG@10", "MAP")):
        for mode in ("bm25", "dense", "hybrid"):
            figures.add(f"{mode} {measure}", "", results[mode][place], peers.get(mode, (None, None))[place])
        apart = abs(results["bm25"][place] - plain[place])
        figures.add(f"bm25 {measure} beside an independent scorer", "", results["bm25"][place], plain[place],
                    "within 0.005", apart <= 0.005 if not tiny else None)
    if judged:
        best = max(results["bm25"][0], results["dense"][0])
        figures.add("hybrid nDCG@10 above both", "", results["hybrid"][0], best, "> 1", results["hybrid"][0] > best)
        figures.add("hybrid nDCG@10 beside the reference", "", results["hybrid"][0], 0.5118, ">= 0.5118",
                    results["hybrid"][0] >= 0.5118)
    figures.finish()


if __name__ == "__main__":
    main()
