"""docmind kv: what a model's keys and values take, read from its file."""
import struct
import unittest

from harness import BINARY, DocMindTest

EMBEDDER = BINARY.parent / "share/docmind/models/all-MiniLM-L6-v2.gguf"


def text(value):
    return struct.pack("<Q", len(value.encode())) + value.encode()


def qwen3(layers=2, heads=2, kv_heads=1, head=32, window=4096):
    """A model of a few thousand zeros that is right in its header, its tokenizer and its tensors."""
    hidden, feed, tokens = 8, 8, ["a", "b", "c", "d"]
    u32 = lambda key, value: text(key) + struct.pack("<II", 4, value)
    string = lambda key, value: text(key) + struct.pack("<I", 8) + text(value)
    strings = lambda key, values: text(key) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))
    keys = [string("general.architecture", "qwen3"), string("general.name", "模型"), u32("qwen3.block_count", layers),
            u32("qwen3.embedding_length", hidden), u32("qwen3.context_length", window),
            u32("qwen3.attention.head_count", heads), u32("qwen3.attention.head_count_kv", kv_heads),
            u32("qwen3.attention.key_length", head), u32("qwen3.feed_forward_length", feed),
            string("tokenizer.ggml.model", "gpt2"), strings("tokenizer.ggml.tokens", tokens),
            strings("tokenizer.ggml.merges", ["a b"])]
    shapes = {"token_embd": [hidden, len(tokens)], "output_norm": [hidden]}
    for i in range(layers):
        shapes.update({f"blk.{i}.attn_norm": [hidden], f"blk.{i}.ffn_norm": [hidden], f"blk.{i}.attn_q_norm": [head],
                       f"blk.{i}.attn_k_norm": [head], f"blk.{i}.attn_q": [hidden, heads * head],
                       f"blk.{i}.attn_k": [hidden, kv_heads * head], f"blk.{i}.attn_v": [hidden, kv_heads * head],
                       f"blk.{i}.attn_output": [heads * head, hidden], f"blk.{i}.ffn_gate": [hidden, feed],
                       f"blk.{i}.ffn_up": [hidden, feed], f"blk.{i}.ffn_down": [feed, hidden]})
    infos, data = b"", b""
    for name, shape in shapes.items():
        infos += text(name + ".weight") + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        size = 4
        for n in shape:
            size *= n
        data += bytes((size + 31) // 32 * 32)
    head_bytes = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(keys)) + b"".join(keys) + infos
    return head_bytes + bytes(-len(head_bytes) % 32) + data


class Kv(DocMindTest):
    def test_the_figures_are_those_of_the_file(self):
        model = self.write("模型.gguf", qwen3())
        kv = self.docmind("kv", "--model", model, "--context", 1 << 20, "--json").json
        self.assertEqual(kv, {"context_length": 1 << 20, "bytes_per_token_fp16": 256, "bytes_per_token_fp8": 128,
                              "bytes_per_token_q8_0": 136, "fp16_size_gb": 0.25, "fp8_size_gb": 0.125,
                              "q8_0_size_gb": 0.1328125, "memory_saved_gb": 0.125})
        said = self.docmind("kv", "--model", model)
        self.assertIn("模型: 2 layers, 1 KV heads, 32 numbers in a head; 4096 tokens", said.out)
        self.assertIn("q4_0", said.out)
        self.assertRegex(said.out, r"Here: as f16, [0-9.]+ GiB of main memory in all")
        tight = self.docmind("kv", "--model", model, "--set", "engine.cpu_memory_mb=1").out
        self.assertIn("A context of 4096 tokens does not fit", tight)
        self.assertIn("trained for 4096", self.docmind("kv", "--model", model, "--context", 8192).out)

    def test_qwen3_4b_and_the_settings(self):
        path = self.write("shape.gguf", qwen3(layers=36, heads=8, kv_heads=8, head=128, window=262144))
        set_model = ["--set", f"engine.model={path}"]
        kv = self.docmind("kv", "--json", *set_model).json
        self.assertEqual(kv["context_length"], 131072)
        self.assertEqual((kv["fp16_size_gb"], kv["fp8_size_gb"], kv["q8_0_size_gb"]), (18.0, 9.0, 9.5625))
        self.assertEqual(self.docmind("kv", "--json", *set_model, "--set", "engine.context=4096").json["context_length"], 4096)

    def test_heads_of_other_sizes_have_no_quantised_form(self):
        kv = self.docmind("kv", "--json", "--model", self.write("m.gguf", qwen3(head=16))).json
        self.assertEqual((kv["bytes_per_token_fp16"], kv["bytes_per_token_q8_0"], kv["q8_0_size_gb"]), (128, None, None))

    def test_without_a_chat_model_it_says_what_to_do(self):
        self.assertIn("--model", self.docmind("kv", code=1).err)
        self.assertIn("--model", self.docmind("kv", "--json", code=1).json["error"]["hint"])
        self.assertIn("writes no text", self.docmind("kv", "--model", EMBEDDER, code=1).err)
        self.assertIn("no model file", self.docmind("kv", "--model", "absent.gguf", code=1).err)
        self.assertIn("no model called", self.docmind("kv", "--model", "absent", code=1).err)
        self.docmind("kv", "--model", self.write("bad.gguf", b"GGUF" + b"\xff" * 99), code=1)
        self.docmind("kv", "--context", "0", code=2)


if __name__ == "__main__":
    unittest.main()
