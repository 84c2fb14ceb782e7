#!/usr/bin/env python3
"""Writes src/engine/testing/tiny_xlmr/: an XLM-RoBERTa checkpoint of a few kilobytes with a unigram tokenizer, as BGE-M3
and BGE rerankers are saved, and in golden.json what transformers and tokenizers say about it.

usage: make_xlmr_golden.py      (needs torch, transformers, tokenizers, safetensors)
"""
import json
import pathlib

import tokenizers
import torch
import transformers
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parent.parent.parent / "src/engine/testing/tiny_xlmr"
WORDS = ["▁the", "▁cat", "▁sat", "▁on", "▁mat", "▁", "s", "a", "t", "c", "e", "h", "o", "n", "m", "▁a", "at", "▁dog", "▁c", "d",
         "g", "ing", "▁run", "r", "u", "i", ".", ",", "▁中", "文", "▁при", "вет", "é", "▁caf", "f"]
TEXTS = ["the cat sat on the mat.", "a dog", "cats, running", "中文", "привет", "café", "the  cat", " dog ", "xyz?", "a"]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    vocabulary = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    vocabulary += [[word, round(-2.0 - 0.17 * i, 4)] for i, word in enumerate(WORDS)] + [["<mask>", 0.0]]
    special = lambda i, text: dict(id=i, content=text, single_word=False, lstrip=i == len(vocabulary) - 1, rstrip=False,
                                   normalized=False, special=True)
    around = lambda name: [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": name, "type_id": 0}},
                           {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    (OUT / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [special(i, vocabulary[i][0]) for i in (0, 1, 2, 3, len(vocabulary) - 1)], "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}]},
        "post_processor": {"type": "TemplateProcessing", "single": around("A"), "pair": around("A") + around("B"),
                           "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in (("<s>", 0), ("</s>", 2))}},
        "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False}}, ensure_ascii=False))
    settings = dict(vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                    intermediate_size=64, max_position_embeddings=34, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
                    eos_token_id=2, layer_norm_eps=1e-5, hidden_act="gelu", num_labels=1)
    torch.manual_seed(7)
    config = transformers.XLMRobertaConfig(**settings)
    model = transformers.XLMRobertaForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
            parameter.copy_(parameter.to(torch.bfloat16).float())
    save_file({k: v.to(torch.bfloat16).contiguous() for k, v in model.state_dict().items() if "position_ids" not in k},
              OUT / "model.safetensors")
    (OUT / "config.json").write_text(json.dumps(
        {"architectures": ["XLMRobertaModel"], "model_type": "xlm-roberta", **settings}))
    (OUT / "1_Pooling").mkdir(exist_ok=True)
    (OUT / "1_Pooling/config.json").write_text('{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}')
    tokenizer = tokenizers.Tokenizer.from_file(str(OUT / "tokenizer.json"))
    golden = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            hidden = model.roberta(input_ids=torch.tensor([ids])).last_hidden_state[0, 0]
        vector = torch.nn.functional.normalize(hidden, dim=0)
        golden.append({"text": text, "ids": ids, "vector": [round(v, 6) for v in vector.tolist()]})
    (OUT / "golden.json").write_text(json.dumps(golden, ensure_ascii=False).replace('{"text"', '\n{"text"') + "\n")


main()
