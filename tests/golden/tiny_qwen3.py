"""A Qwen3 checkpoint in Hugging Face layout whose weights follow from their names: the same bytes here and in
src/model/testing/tiny_qwen3.h, so that what other programs say of it can be committed without the weights.

A weight is k / 2^shift with k from -126 to 126 (a sum of four numbers out of splitmix64 over FNV-1a of the tensor's
name): exact in bf16, and nearly normal. FP8 weights keep the four leading bits of k, so they are exact in E4M3.
Needs numpy. Not a test: make_qwen3_golden.py uses it.
"""
import json
import pathlib
import struct

import numpy as np

SHAPE = dict(layers=4, hidden=256, ffn=768, heads=4, kv_heads=2, head_dim=128)
ORDINARY = 151643
ROWS = 151936
ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
         "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
         "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
         "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
         "<think>", "</think>"]
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def hashes(name, count):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def integers(name, count):
    h = hashes(name, count)
    return sum(((h >> np.uint64(6 * i)) & np.uint64(63)).astype(np.int32) for i in range(4)) - 126


def four_bits(k):
    """The four leading bits of |k|."""
    size = np.abs(k)
    for limit, step in ((64, 8), (32, 4), (16, 2)):
        size = np.where((size >= limit) & (size < 2 * limit), size // step * step, size)
    return np.sign(k) * size


def bf16(values):
    bits = values.astype(np.float32).view(np.uint32)
    assert not (bits & 0xFFFF).any()
    return (bits >> 16).astype(np.uint16).tobytes()


def e4m3(k):
    """Codes of integers of at most four bits."""
    codes = {}
    for code in range(128):
        exponent, mantissa = code >> 3, code & 7
        if code != 127:
            codes[mantissa * 2**-9 if exponent == 0 else (1 + mantissa / 8) * 2.0 ** (exponent - 7)] = code
    table = np.zeros(256, dtype=np.uint8)
    for i in range(-126, 127):
        if abs(i) in codes:
            table[i] = codes[abs(i)] | (128 if i < 0 else 0)
    return table[k].tobytes()


def matrices(shape=SHAPE, rows=ROWS):
    """Name, shape, shift of each matrix, in the order of the file; shift None: a norm."""
    h, f, d = shape["hidden"], shape["ffn"], shape["head_dim"]
    q, kv = shape["heads"] * d, shape["kv_heads"] * d
    yield "model.embed_tokens.weight", (rows, h), 11
    for i in range(shape["layers"]):
        at = f"model.layers.{i}."
        for name, dims, shift in (
                ("self_attn.q_proj", (q, h), 9), ("self_attn.k_proj", (kv, h), 9), ("self_attn.v_proj", (kv, h), 9),
                ("self_attn.o_proj", (h, q), 10), ("mlp.gate_proj", (f, h), 9), ("mlp.up_proj", (f, h), 9),
                ("mlp.down_proj", (h, f), 11), ("self_attn.q_norm", (d,), None), ("self_attn.k_norm", (d,), None),
                ("input_layernorm", (h,), None), ("post_attention_layernorm", (h,), None)):
            yield at + name + ".weight", dims, shift
    yield "model.norm.weight", (h,), None


def tensors(fp8, shape=SHAPE, rows=ROWS):
    """Name, dtype, shape, bytes, and the numbers as float32."""
    for name, dims, shift in matrices(shape, rows):
        count = int(np.prod(dims))
        if shift is None:
            values = ((hashes(name, count) % np.uint64(33)).astype(np.float32) + np.float32(112)) / np.float32(128)
            yield name, "BF16", dims, bf16(values), values
        elif fp8 and "layers" in name:
            k = four_bits(integers(name, count))
            blocks = (-(-dims[0] // 128), -(-dims[1] // 128))
            raw = (hashes(name + "_scale_inv", blocks[0] * blocks[1]) % np.uint64(64)).astype(np.float32)
            scale = ((raw + np.float32(64)) / np.float32(64 * 2 ** (shift + 1))).reshape(blocks)
            spread = np.repeat(np.repeat(scale, 128, 0), 128, 1)[: dims[0], : dims[1]]
            yield name, "F8_E4M3", dims, e4m3(k), k.astype(np.float32).reshape(dims) * spread
            yield name + "_scale_inv", "F32", blocks, scale.tobytes(), None
        else:
            values = integers(name, count).astype(np.float32) / np.float32(2**shift)
            yield name, "BF16", dims, bf16(values), values.reshape(dims)


def vocabulary(path):
    """Tokens and merges of the GGUF file that llama.cpp ships for tokenizer tests."""
    data = pathlib.Path(path).read_bytes()
    at = 24
    tensors_, entries = struct.unpack_from("<QQ", data, 8)
    found = {}

    def text():
        nonlocal at
        size, = struct.unpack_from("<Q", data, at)
        at += 8 + size
        return data[at - size:at].decode()

    def value(kind):
        nonlocal at
        if kind == 8:
            return text()
        if kind == 9:
            item, count = struct.unpack_from("<IQ", data, at)
            at += 12
            return [value(item) for _ in range(count)]
        size = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}[kind]
        at += size
        return data[at - size:at]

    for _ in range(entries):
        key = text()
        kind, = struct.unpack_from("<I", data, at)
        at += 4
        found[key] = value(kind)
    return found["tokenizer.ggml.tokens"][:ORDINARY], found["tokenizer.ggml.merges"]


def write_texts(out, vocabulary_file):
    """tokenizer.json and its settings."""
    tokens, merges = vocabulary(vocabulary_file)
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    added = [dict(id=ORDINARY + i, content=t, single_word=False, lstrip=False, rstrip=False, normalized=False,
                  special=t.startswith("<|")) for i, t in enumerate(ADDED)]
    plain = dict(add_prefix_space=False, trim_offsets=False, use_regex=False)
    (out / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", **plain}]},
        "post_processor": {"type": "ByteLevel", **plain}, "decoder": {"type": "ByteLevel", **plain},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {t: i for i, t in enumerate(tokens)}, "merges": merges}}, ensure_ascii=False))


def config(shape=SHAPE, rows=ROWS):
    return {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": shape["hidden"],
            "intermediate_size": shape["ffn"], "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"], "num_key_value_heads": shape["kv_heads"],
            "head_dim": shape["head_dim"], "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 5000000,
            "max_position_embeddings": 262144, "tie_word_embeddings": True, "vocab_size": rows,
            "torch_dtype": "bfloat16", "attention_bias": False, "use_sliding_window": False}
