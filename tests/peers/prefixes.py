#!/usr/bin/env python3
"""How often a server that keeps what it has computed (a vLLM) computes a document that several ask about: ten questions
about two documents, all at the same time and mixed, asked by docmind, who lets one of each document go first; and such
prompts sent as they come. usage: prefixes.py; exits 1 when docmind has one document computed twice.

A prompt whose document was found has more cached tokens than the system message all of them begin with."""
import concurrent.futures
import json
import sys

import servers
from servers import Product, read
from figures import Figures, progress

QUESTIONS = 5
DOCUMENTS = 2


def text_of(seed, words):
    ship = ["Halcyon", "Borealis"][seed % 2]
    return "\n\n".join(f"Entry {seed}.{i} of the {ship}: on day {i * 7 + seed} the crew of the {ship} wrote down "
                       f"{(i * 37 + seed) % 101} barrels and {(i * 53 + seed) % 89} coils of rope." for i in range(words // 24))


def through_docmind(peer):
    with Product() as product:
        product.environment["DOCMIND_ASK__THRESHOLD"] = "0"
        product.environment["DOCMIND_ASK__MAX_TOKENS"] = "16"
        names = [str(product.write(f"log{seed}.txt", text_of(seed, 900))) for seed in range(DOCUMENTS)]
        product.docmind("ingest", *names)
        _, address = product.ready("--set", f"vllm.url={peer.url}")
        product.backends(address)  # It is tried now, and not among the questions.

        def ask(index):
            body = {"question": f"How many barrels were written down on day {index * 7 + 3}?",
                    "filter": {"documents": [names[index % DOCUMENTS]]}}
            return product.post(address, "/api/ask", body)

        with concurrent.futures.ThreadPoolExecutor(QUESTIONS * DOCUMENTS) as pool:
            replies = list(pool.map(ask, range(QUESTIONS * DOCUMENTS)))
        for status, body in replies:
            product.assertEqual(status, 200, body)
            # Random weights: what they write is not borne out by anything.
            product.assertEqual([why for why in body["fallbacks"] if "not borne out" not in why], [])
        return [(body["tokens"]["prompt"], body["tokens"]["computed"]) for _, body in replies]


def as_they_come(peer):
    def ask(index):
        text = text_of(index % DOCUMENTS + 2, 900)
        body = {"model": peer.served, "max_tokens": 16, "messages": [
            {"role": "user", "content": f"{text}\n\nHow many barrels were written down on day {index * 7 + 3}?"}]}
        usage = json.loads(read(peer.url + "/v1/chat/completions", body))["usage"]
        return usage["prompt_tokens"], usage["prompt_tokens"] - (usage["prompt_tokens_details"] or {}).get("cached_tokens", 0)

    with concurrent.futures.ThreadPoolExecutor(QUESTIONS * DOCUMENTS) as pool:
        return list(pool.map(ask, range(QUESTIONS * DOCUMENTS)))


def readers(counts):
    """Those who did not find their document: a tenth of the prompt is more than the system message."""
    return sum(computed > 0.9 * prompt for prompt, computed in counts)


def main():
    figures = Figures("prefixes")
    peer = servers.Vllm().start()
    try:
        ours, raw = through_docmind(peer), as_they_come(peer)
    finally:
        peer.stop()
    for name, counts in (("docmind", ours), ("as they come", raw)):
        progress(f"{name}: (prompt, computed) {counts}")
    figures.add("questions of ten that computed their document, by docmind", "", readers(ours), readers(raw),
                f"<= {DOCUMENTS}", readers(ours) <= DOCUMENTS)
    figures.finish()


if __name__ == "__main__":
    main()
