#!/usr/bin/env python3
"""A real server under the specification's load: 1,000 questions at once, then 1,000 of them 10 at a time; and reading 10,000 documents.

usage: load.py [--queries N] [--documents N] [--model] [--tiny]
--documents N: nothing but N documents of about 200 tokens, read by one `docmind ingest`. --model: answers are written by a small model
with random weights (one token a byte, its text means nothing), not in the documents' own words; fewer questions do.
The library is 500 made-up ships, a document each; every question asks for another ship's year or place, so no answer is one that was
given before; that case is a figure of its own (the same question again and again, ten at a time). An answer is looked at: the
year or the place has to be in it. At once, each question has a connection of its own and is answered or told 429 with Retry-After; one that
is neither, lost or 5xx, fails the run. Memory is that of the server and all it started: PSS before, at most (looked at ten times a second) and
after; growth is after the last load less before the first, each settled for two seconds.
"""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from chat_servers import small_model
from figures import BINARY, Figures, progress
from server import Server, memory

SHIPS = 500
FIRST = "Bright Silent Northern Golden Quick Grey Proud Little Distant Merry Amber Bold Calm Deep Early Fair Glad High Iron Jolly".split()
SECOND = "Heron Falcon Otter Lynx Marten Plover Gannet Badger Curlew Dolphin Eider Ferret Grouse Hornet Ibis Jackdaw Kestrel Linnet Mallard Narwhal Osprey Petrel Quail Raven Stoat".split()
PLACES = "Kemi Turku Pori Vaasa Oulu Kotka Rauma".split()


def ship(number):
    """(name, year, place): names and years of no other one, up to 500."""
    return f"{FIRST[number % 20]} {SECOND[number // 20 % 25]}", str(1401 + number), PLACES[number % 7]


def write_documents(folder, count):
    """About 200 tokens each."""
    for number in range(count):
        name, year, place = ship(number % SHIPS)
        name += "" if number < SHIPS else f" {number // SHIPS + 1}"
        (folder / f"ship-{number}.md").write_text(
            f"# The {name}\n\nThe {name} was built in {year} in {place}. She carried timber along the coast, and in winter she lay in the "
            "harbour, where her crew mended sails and ropes. Her hull was made of oak from the inland forests, and her masts were of "
            "pine. A crew of nine sailed her with a master, a mate and a cook.\n\n"
            f"The owners of the {name} kept a book of every voyage. It tells of calm summers, of two storms off the outer islands, and of a "
            "long stay in a southern port while a new anchor was forged. The cargo was never lost. After her last voyage she was laid up "
            "beside the old mill, and her figurehead was given to the museum of the town, where it can be seen on weekdays. Children of "
            f"the neighbourhood learned to row in her boat, and the bell of the {name} still rings on market days.\n")


def questions(count):
    """(question, what has to be in the answer): 1,000 different ones."""
    for number in range(count):
        name, year, place = ship(number % SHIPS)
        yield (f"When was the {name} built?", year) if number % (2 * SHIPS) < SHIPS else (f"Where was the {name} built?", place)


class Outcome:
    def __init__(self):
        self.statuses, self.seconds, self.wrong, self.without_retry_after, self.lost = collections.Counter(), [], 0, 0, []


async def ask(port, question, wanted, outcome, cache):
    body = json.dumps({"question": question, **({} if cache else {"cache": "bypass"})}).encode()
    start = time.perf_counter()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
                         b"Content-Length: %d\r\n\r\n" % len(body) + body)
            head, _, reply = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        status = int(head.split(b" ", 2)[1])
        outcome.statuses[status] += 1
        if status == 200:
            outcome.seconds.append(time.perf_counter() - start)
            outcome.wrong += wanted is not None and wanted not in json.loads(reply)["answer"]
        elif status == 429:
            outcome.without_retry_after += b"\r\nretry-after:" not in head.lower()
    except (OSError, ValueError, IndexError) as error:
        outcome.lost.append(repr(error))


def load(port, asked, at_a_time, cache=False):
    """(outcome, seconds in all)"""
    outcome, rest = Outcome(), iter(asked)

    async def client():
        for question, wanted in rest:
            await ask(port, question, wanted, outcome, cache)

    async def clients():
        await asyncio.gather(*(client() for _ in range(at_a_time)))

    start = time.perf_counter()
    asyncio.run(clients())
    return outcome, time.perf_counter() - start


class Watch:
    """Memory of a process and all it started, in MiB of PSS, and its peak meanwhile."""

    def __init__(self, pid):
        self.pid, self.peak, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def now(self):
        return sum(pss for pss, _ in memory(self.pid))

    def run(self):
        while not self.over.wait(0.1):
            try:
                self.peak = max(self.peak, self.now())
            except OSError:  # A child that has just ended.
                pass

    def __enter__(self):
        self.before = self.settled()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.after = self.settled()
        self.over.set()
        self.thread.join()

    def settled(self):
        time.sleep(2)
        return self.now()


def at(values, share):
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def percentiles(figures, what, outcome):
    for share in (0.5, 0.95, 0.99):
        figures.add(f"{what}: p{share * 100:.0f}", "ms", at(outcome.seconds, share))


def at_once(figures, port, count, words):
    outcome, seconds = load(port, questions(count), count)
    answered, later = outcome.statuses[200], outcome.statuses[429]
    progress(f"at once: {dict(outcome.statuses)}, {outcome.wrong} without the right words, lost {outcome.lost[:3]}")
    figures.add(f"{count} at once: answered; {later} told to come back (429)", "", answered)
    faults = count - answered - later + outcome.without_retry_after + (outcome.wrong if words else 0)
    figures.add(f"{count} at once: lost, 5xx, 429 without Retry-After, wrong", "", faults, target="0", met=faults == 0)
    figures.add(f"{count} at once: all of them", "s", seconds)
    percentiles(figures, f"{count} at once", outcome)


def ten_at_a_time(figures, port, count, words, tiny):
    outcome, seconds = load(port, questions(count), 10)
    good = outcome.statuses[200] - (outcome.wrong if words else 0)
    progress(f"10 at a time: {dict(outcome.statuses)}, {outcome.wrong} without the right words, lost {outcome.lost[:3]}")
    figures.add("10 at a time: answered", "%", 100 * good / count, target="> 99 %", met=good / count > 0.99)
    figures.add("10 at a time: questions", "/s", good / seconds, target=None if tiny or not words else ">= 10",
                met=None if tiny or not words else good / seconds >= 10)
    percentiles(figures, "10 at a time", outcome)


def kept(figures, port, count):
    question, year = next(questions(1))
    load(port, [(question, year)], 1, cache=True)
    outcome, seconds = load(port, [(question, year)] * count, 10, cache=True)
    figures.add("a kept answer, 10 at a time", "/s", outcome.statuses[200] / seconds)
    percentiles(figures, "a kept answer", outcome)


def reading(figures, work, count, tiny):
    """`docmind ingest` of so many documents, with its memory."""
    folder = work / "many"
    folder.mkdir()
    write_documents(folder, count)
    start = time.perf_counter()
    ingest = subprocess.Popen([BINARY, "--data", work / "data", "ingest", folder, "--json"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
    peak = 0
    while ingest.poll() is None:
        try:
            peak = max(peak, sum(pss for pss, _ in memory(ingest.pid)))
        except (OSError, IndexError, KeyError):
            pass
        time.sleep(0.5)
    seconds, summary = time.perf_counter() - start, json.loads(ingest.stdout.read())
    figures.add(f"{count} documents: read", "", summary["added"], target=str(count), met=summary["added"] == count)
    figures.add(f"{count} documents", "/s", count / seconds, target=None if tiny else "> 100", met=None if tiny else count / seconds > 100)
    figures.add(f"{count} documents: peak of all processes' PSS", "MiB", peak)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--queries", type=int)
    arguments.add_argument("--documents", type=int)
    arguments.add_argument("--model", action="store_true")
    arguments.add_argument("--tiny", action="store_true")
    a = arguments.parse_args()
    count = a.queries or (40 if a.tiny else 1000)
    figures = Figures("load")
    with tempfile.TemporaryDirectory(prefix="docmind-bench-") as name:
        work = pathlib.Path(name)
        os.environ["XDG_RUNTIME_DIR"] = name
        if a.documents:
            reading(figures, work, a.documents, a.tiny)
            figures.finish()
        documents = work / "ships"
        documents.mkdir()
        write_documents(documents, count if a.tiny else SHIPS)
        subprocess.run([BINARY, "--data", work / "data", "ingest", documents], check=True, capture_output=True)
        model = ["--model", small_model(work / "model"), "--set", "ask.max_tokens=16"] if a.model else []
        server = Server([BINARY, "--data", work / "data", "serve", "--port", "0", *model]).wait_ready()
        port = int(server.address.rsplit(":", 1)[1])
        try:
            load(port, questions(10), 1)  # The first ones start what starts when it is needed.
            with Watch(server.process.pid) as watch:
                at_once(figures, port, count, words=not a.model)
                ten_at_a_time(figures, port, count, words=not a.model, tiny=a.tiny)
                kept(figures, port, count)
            figures.add("memory of all processes before", "MiB", watch.before)
            figures.add("memory of all processes, most", "MiB", watch.peak)
            figures.add("memory of all processes, growth", "MiB", max(watch.after - watch.before, 0.1), target="< 500",
                        met=watch.after - watch.before < 500)
        finally:
            server.stop()
    figures.finish()


if __name__ == "__main__":
    main()
