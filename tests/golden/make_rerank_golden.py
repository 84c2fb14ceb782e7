#!/usr/bin/env python3
"""Writes src/engine/testing/tiny_xlmr/rerank.json: what transformers says of pairs of texts with the checkpoint that
make_xlmr_golden.py wrote, whose classification head makes it a reranker as BGE's are.

usage: make_rerank_golden.py      (needs torch, transformers, tokenizers, safetensors)
"""
import json
import pathlib

import tokenizers
import torch
import transformers
from safetensors.torch import load_file

FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "src/engine/testing/tiny_xlmr"
SEPARATOR = 2  # </s>
QUERIES = ["the cat sat", "a dog", "中文", "café running"]
DOCUMENTS = ["the cat sat on the mat.", "a dog", "cats, running", "中文", "привет", "", "xyz?", "the  cat  dog.", "the the the"]


def main():
    config = json.loads((FOLDER / "config.json").read_text())
    config.pop("architectures")
    model = transformers.XLMRobertaForSequenceClassification(transformers.XLMRobertaConfig(**config)).eval()
    weights = {k: v.float() for k, v in load_file(FOLDER / "model.safetensors").items()}
    missing, unknown = model.load_state_dict(weights, strict=False)
    assert not unknown and all("position_ids" in name for name in missing), (missing, unknown)
    tokenizer = tokenizers.Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    golden = []
    for query in QUERIES:
        scores, ids = [], []
        for document in DOCUMENTS:
            # As XLM-RoBERTa's own tokenizer has it: <s> query </s></s> document </s>.
            pair = tokenizer.encode(query).ids + [SEPARATOR] + tokenizer.encode(document).ids[1:]
            assert len(pair) <= config["max_position_embeddings"] - 2
            with torch.no_grad():
                scores.append(round(model(input_ids=torch.tensor([pair])).logits.item(), 6))
            ids.append(len(pair))
        golden.append({"query": query, "documents": DOCUMENTS, "scores": scores, "tokens": sum(ids)})
    (FOLDER / "rerank.json").write_text(json.dumps(golden, ensure_ascii=False).replace('{"query"', '\n{"query"') + "\n")


main()
