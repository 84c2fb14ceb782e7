#!/usr/bin/env python3
"""What a shared document costs a server that keeps what it has computed (a vLLM): ten questions about two documents, all
at the same time and mixed, asked by docmind, who lets one of each document go first; and the same prompts sent as they
come. usage: prefixes.py; exits 1 when docmind's questions compute more than a tenth above each prompt's own part.

"Computed" is what the server counts as prompt tokens not found in its cache."""
import concurrent.futures
import json
import sys

import servers
from servers import Product, read, wait_for
from figures import Figures, progress

QUESTIONS = 5
DOCUMENTS = 2


def text_of(seed, words):
    ship = ["Halcyon", "Borealis"][seed % 2]
    return "\n\n".join(f"Entry {seed}.{i} of the {ship}: on day {i * 7 + seed} the crew of the {ship} wrote down "
                       f"{(i * 37 + seed) % 101} barrels and {(i * 53 + seed) % 89} coils of rope." for i in range(words // 24))


class Counted:
    """Prompt tokens that the vLLM was sent, and those it computed, since the last look."""

    def __init__(self, peer):
        self.peer, self.last = peer, self.now(peer)

    @staticmethod
    def now(peer):
        page = read(peer.url + "/metrics")

        def total(name):
            return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name + "{"))

        asked, hit = total("vllm:prefix_cache_queries_total"), total("vllm:prefix_cache_hits_total")
        return asked, asked - hit

    def since(self):
        now = self.now(self.peer)
        out = [a - b for a, b in zip(now, self.last)]
        self.last = now
        return out


def through_docmind(peer, counted):
    with Product() as product:
        product.environment["DOCMIND_ASK__THRESHOLD"] = "0"
        product.environment["DOCMIND_ASK__MAX_TOKENS"] = "8"
        names = [str(product.write(f"log{seed}.txt", text_of(seed, 900))) for seed in range(DOCUMENTS)]
        product.docmind("ingest", *names)
        _, address = product.ready("--set", f"vllm.url={peer.url}")
        product.backends(address)  # It is tried now, and not while it is counted.
        counted.since()

        def ask(index):
            body = {"question": f"How many barrels were written down on day {index * 7 + 3}?",
                    "filter": {"documents": [names[index % DOCUMENTS]]}}
            return product.post(address, "/api/ask", body)

        with concurrent.futures.ThreadPoolExecutor(QUESTIONS * DOCUMENTS) as pool:
            replies = list(pool.map(ask, range(QUESTIONS * DOCUMENTS)))
        for status, body in replies:
            product.assertEqual(status, 200, body)
            product.assertEqual(body["fallbacks"], [], body)
        return counted.since(), [body["tokens"] for _, body in replies]


def as_they_come(peer, counted):
    def ask(index):
        text = text_of(index % DOCUMENTS + 2, 900)
        body = {"model": peer.served, "max_tokens": 8, "messages": [
            {"role": "user", "content": f"{text}\n\nHow many barrels were written down on day {index * 7 + 3}?"}]}
        return json.loads(read(peer.url + "/v1/chat/completions", body))

    counted.since()
    with concurrent.futures.ThreadPoolExecutor(QUESTIONS * DOCUMENTS) as pool:
        list(pool.map(ask, range(QUESTIONS * DOCUMENTS)))
    return counted.since()


def main():
    figures = Figures("prefixes")
    peer = servers.Vllm().start()
    try:
        counted = Counted(peer)
        (sent, computed), told = through_docmind(peer, counted)
        progress(f"docmind: sent {sent:.0f}, computed {computed:.0f}; told {told}")
        raw_sent, raw_computed = as_they_come(peer, counted)
        progress(f"as they come: sent {raw_sent:.0f}, computed {raw_computed:.0f}")
    finally:
        peer.stop()
    # One of each document is computed whole, of the others their own part alone.
    least = DOCUMENTS / (QUESTIONS * DOCUMENTS)
    share = computed / sent
    figures.add("computed of what was sent, by docmind", "", share, raw_computed / raw_sent, f"<= {least + .1:.2f}",
                share <= least + .1)
    figures.finish()


if __name__ == "__main__":
    main()
