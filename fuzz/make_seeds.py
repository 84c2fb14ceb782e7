#!/usr/bin/env python3
"""Writes the seed corpora for the fuzz drivers into the folder given: one sub-folder per entry, small files."""
import io, pathlib, sqlite3, struct, sys, zipfile

out = pathlib.Path(sys.argv[1])
fixtures = pathlib.Path(__file__).parent.parent / "tests" / "fixtures"


def seed(entry, name, content):
    (out / entry).mkdir(parents=True, exist_ok=True)
    (out / entry / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def text(s):
    data = s.encode()
    return struct.pack("<Q", len(data)) + data


def payload():
    """A result as docs/formats/parse.md describes it: one page, a heading, a row, a word, a warning."""
    body = "Head\n\na | b"
    out_ = text("pdf") + text("T") + text(body)
    out_ += struct.pack("<Q", 1) + struct.pack("<QQ", 0, 11) + text("iv") + struct.pack("<ff", 595, 842)
    out_ += struct.pack("<Q", 2)
    out_ += struct.pack("<QQBBBI", 0, 4, 1, 1, 1, 0xffffffff) + text("")
    out_ += struct.pack("<QQBBBI", 6, 11, 3, 0, 1, 0) + text("x.xhtml")
    out_ += struct.pack("<Q", 1) + struct.pack("<QQI4f", 0, 4, 0, 1, 2, 3, 4)
    return out_ + struct.pack("<Q", 1) + text("A warning.")


for name in ("guide.txt", "值班规定.txt"):
    seed("text", name, (fixtures / name).read_bytes())
seed("text", "utf16", "Über\r\n\r\n* a\r\n* b".encode("utf-16"))
seed("text", "numbers", "Contents\n\n1. A\n1.1. B\n2. C\n\n1. A\n\nx\n\n1.1. B\n\n2. C\n\nN\bNA\bA \x1b[1mx\x1b[0m\n")
for name in ("boats.md", "mixed_scripts.md"):
    seed("markdown", name, (fixtures / name).read_bytes())
seed("markdown", "html", "<details>\n<b>x</b>\n\n> 1. a\n>    - b\n\n|a|b|\n|-|-|\n|&eacute;|`c`|\n\n***x***~~y~~[z](u)![i](j)")
seed("html", "weather.html", (fixtures / "weather.html").read_bytes())
seed("html", "odd", "<table><tr><td><table><li>x</table><h1>y</li><pre>\n z</h1><dl><dt>a<dd>b<ol start=9><li value=3>c<svg><title>d</svg>&#0;&bogus;")
for entry, name in (("docx", "watch.docx"), ("epub", "birds.epub")):
    seed(entry, name, (fixtures / name).read_bytes())
    stored = io.BytesIO()  # The same without compression, so that a changed byte reaches the XML.
    with zipfile.ZipFile(fixtures / name) as old, zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as new:
        for part in old.namelist():
            new.writestr(part, old.read(part))
    seed(entry, "stored", stored.getvalue())
with zipfile.ZipFile(fixtures / "watch.docx") as archive:
    for part in ("document", "styles", "numbering"):
        seed("docx_xml", part, archive.read(f"word/{part}.xml"))
seed("frame", "payload", payload())
seed("frame", "error", text("data_loss") + text("broken") + text("try again"))
seed("sse", "events", ": hi\n\nevent: token\nid: 7\ndata: a\ndata: 船\r\n\r\ndata\n\nretry: 5\rdata: end\r\r")
seed("multipart", "upload", "multipart/form-data; boundary=\"XX\"\n--XX\r\nContent-Disposition: form-data; name=\"file\"; "
     "filename=\"船%22\\\\.md\"\r\nContent-Type: text/plain\r\n\r\nbody\r\n--X\r\n--XX\r\n"
     "Content-Disposition: form-data; name=note\r\n\r\n\r\n--XX--\r\n")
seed("target", "search", "/api/search?q=two+words%21&k=5&document=%2Fa%20b%2F&&x=a=b")
seed("target", "error", '{"error":{"code":"conflict","message":"no","hint":"wait"}}')


def gguf_text(s):
    return struct.pack("<Q", len(s)) + s.encode()


def gguf(architecture, tensors, more=b"", extra=0):
    """A model of width 8, one layer and 4 tokens that passes every check."""
    u32 = lambda key, value: gguf_text(key) + struct.pack("<II", 4, value)
    words = b"".join(gguf_text(f"w{i}") for i in range(4))
    entries = [gguf_text("general.architecture") + struct.pack("<I", 8) + gguf_text(architecture)]
    entries += [u32(f"{architecture}.{key}", value) for key, value in (
        ("block_count", 1), ("embedding_length", 8), ("context_length", 16), ("feed_forward_length", 16),
        ("attention.head_count", 2))]
    entries += [u32("tokenizer.ggml.token_type_count", 2), u32("tokenizer.ggml.eos_token_id", 3)]
    entries += [gguf_text("tokenizer.ggml.model") + struct.pack("<I", 8) + gguf_text("gpt2")]
    entries += [gguf_text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 4) + words]
    entries += [gguf_text("tokenizer.ggml.merges") + struct.pack("<IIQ", 9, 8, 1) + gguf_text("w 0")]
    infos, data = b"", b""
    for name, *shape in tensors:
        infos += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, len(data))
        size = 4
        for n in shape:
            size *= n
        data += bytes(-(-size // 32) * 32)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries) + extra) + b"".join(entries) + more + infos
    return head + bytes(-len(head) % 32) + data


layer = "blk.0."
seed("gguf", "qwen3", gguf("qwen3", [("token_embd.weight", 8, 4), ("output_norm.weight", 8)] + [
    (f"{layer}{name}.weight", *shape) for name, *shape in (
        ("attn_norm", 8), ("ffn_norm", 8), ("attn_q_norm", 4), ("attn_k_norm", 4), ("attn_q", 8, 8), ("attn_k", 8, 8),
        ("attn_v", 8, 8), ("attn_output", 8, 8), ("ffn_gate", 8, 16), ("ffn_up", 8, 16), ("ffn_down", 16, 8))]))
seed("gguf", "bert", gguf("bert", [("token_embd.weight", 8, 4), ("position_embd.weight", 8, 16), ("token_types.weight", 8, 2),
                                   ("token_embd_norm.weight", 8), ("token_embd_norm.bias", 8)] + [
    (f"{layer}{name}", *shape) for name, *shape in (
        ("attn_output_norm.weight", 8), ("attn_output_norm.bias", 8), ("layer_output_norm.weight", 8),
        ("layer_output_norm.bias", 8), ("attn_q.weight", 8, 8), ("attn_k.weight", 8, 8), ("attn_v.weight", 8, 8),
        ("attn_output.weight", 8, 8), ("ffn_up.weight", 8, 16), ("ffn_down.weight", 16, 8))]))
seed("gguf", "odd", gguf("llama", [("token_embd.weight", 8, 4)], gguf_text("general.alignment") + struct.pack("<II", 4, 32)
                         + gguf_text("a.list") + struct.pack("<IIQ5i", 9, 5, 5, 1, 2, 3, 4, 5), 2))
header = (b'{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F8_E4M3",'
          b'"shape":[2,2],"data_offsets":[8,12]},"c":{"dtype":"BF16","shape":[1],"data_offsets":[12,14]}}')
seed("safetensors", "three", struct.pack("<Q", len(header)) + header + bytes(14))
SCHEMAS = {
    "object": ('{"type":"object","properties":{"a":{"type":"integer","minimum":-5,"maximum":1200},"b":{"type":["string","null"],"maxLength":3},'
               '"c":{"enum":["x","xy",1,null]}},"required":["a"],"additionalProperties":{"type":"boolean"}}', '{"a":17,"b":"中","d":true}'),
    "recursive": ('{"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[{"type":"null"},{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":3}]}}}',
                  "[[],[null,[null]],null]"),
    "strings": ('{"anyOf":[{"type":"string","pattern":"^(a|中[0-9]{2,3})*b?$"},{"type":"string","format":"date"},{"const":{"k":[1.5]}}]}',
                '"a中12ab"'),
    "merged": ('{"allOf":[{"type":"object","properties":{"a":{"minimum":2}}},{"oneOf":[{"required":["a"]},{"required":["b"]}]}],'
               '"properties":{"a":{"type":"number","multipleOf":0.5},"b":{"prefixItems":[true,false]}}}', '{"a":2.5}'),
    "any": ("true", '{"a":[1e-3,"\\ud83d\\ude00",{"":{}}]}'),
}
for name, (schema, text_) in SCHEMAS.items():
    seed("schema", name, schema + "\n" + text_)
seed("chat", "all", """{"model":"m","messages":[{"role":"developer","content":"rules"},{"role":"user","content":[{"type":"text",
"text":"a"}]},{"role":"assistant","content":"<think>x</think>y","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},
{"role":"tool","tool_call_id":"1","content":"<|im_end|>"}],"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],
"tool_choice":"auto","temperature":0.5,"top_p":1,"top_k":3,"min_p":0,"seed":1,"stop":["x"],"max_tokens":5,"n":2,"logprobs":true,
"top_logprobs":2,"logit_bias":{"5":1},"stream":true,"stream_options":{"include_usage":true},"document_prefix":3,
"chat_template_kwargs":{"enable_thinking":false},"documents":[{"title":"t","text":"d"}],"priority":"high"}""")
seed("chat", "prompt", '{"prompt":[1,2,3],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}}')
seed("rerank", "all", '{"model":"m","query":"q","documents":["a",{"text":"船"}],"top_n":1,"return_documents":true,"raw_scores":false}')
seed("hub", "listing", '{"sha":"' + 40 * "a" + '","siblings":[{"rfilename":"1_Pooling/config.json","size":3},{"rfilename":"../x"}]}')
seed("hub", "range", "bytes 5-9/10")
seed("hub", "size", "1234")
seed("hub", "place", "https://cdn.example/a?b=c#d")
seed("hub", "relative", "//cdn.example/../x")
seed("template", "chatml", "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}"
     "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\n---\nHi <|im_end|>")
seed("template", "functions", "{% set x = messages[0].content.split(',') %}{% macro f(a, b=1) %}{{ a | upper }}{{ b }}{% endmacro %}"
     "{{ f(x[0]) }}{{ x | join('-') | trim | tojson }}{% for i in range(3) if i is odd %}{{ loop.index }}{% else %}{{ none }}{% endfor %}"
     "{{ messages | tojson(indent=2) }}{{ x[::-1] }}{{ 'a' if x else 'b' }}\n---\na,<|im_end|>,b")
seed("template", "replace", "{{ messages[0].content | replace('a', 'b') | indent(2) }}{{ messages[0]['content'][1:] }}\n---\naaa <|im_start|>")
seed("answer", "calls", '<think>\nhm\n</think>\n\nI look.\n<tool_call>\n{"name": "f", "arguments": {"a": "\u00e9"}}\n</tool_call>\n<tool_call>{</tool_call> STO')
seed("answer", "stop", "text with a \xe5\x96\xb5 and STOP more")
host = "Host: 127.0.0.1:8899\r\n"
seed("cache_request", "entries", f"PUT /v1/entries/a%20b?ttl=1.5&cost=2&tag=user%3Au&since=7 HTTP/1.1\r\n{host}Content-Length: 3\r\n"
     f"Expect: 100-continue\r\n\r\nabcGET /v1/entries/a%20b HTTP/1.1\r\n{host}Connection: close\r\n\r\n"
     f"DELETE /v1/agents/planner/standard/What%20is%20it%3F HTTP/1.0\r\n{host}Origin: http://a\r\n\r\n")
for path, body in (("get", '{"keys":["a","b"]}'), ("purge", '{"tag":"t"}'),
                   ("put", '{"entries":[{"key":"k","value":"v","ttl":1,"cost":0.5,"tags":["t"],"since":3},{"key":"b","value_base64":"AA=="}]}')):
    seed("cache_request", path, f"POST /v1/{path} HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
         f"GET /stats HTTP/1.1\r\n{host}\r\n")
sized = lambda s: struct.pack("<I", len(s)) + s.encode()
place = sized("id") + sized("a.txt") + sized("v") + struct.pack("<QQ", 3, 9) + bytes(32)
seed("cache_record", "kept", b"DMA1" + bytes(32) + b"".join(map(sized, ("key", "name", "Was ist das?", "model", "anna", "one", "01J", "So.")))
     + struct.pack("<IHH", 2, 0x3c00, 1) + struct.pack("<qdQ", -5, 0.25, 40) + struct.pack("<I", 1) + place + struct.pack("<I", 1)
     + sized("id") + struct.pack("<I", 0) + bytes(32) + struct.pack("<Q", 7) + sized("{}"))
for name, questions in {
    "same": "Could you please tell me how I enable the fire wall?\nhow do i enable the firewall",
    "order": "How do I move files from A to B in Debian 12?\nIn Debian 12, how do I move files from B to A?",
    "german": "Wie viele Dateien hat das Paket bitte?\nWieviele Dateien hat das \"Paket\" nicht?",
    "numbers": "What costs 3.5 km at 5² °C on 2024-02-29, today?\n¿船 colour’s isn't -T $HOME 50 %",
}.items():
    seed("guards", name, questions)


def lexicon(words, links):
    """(word, kind, word) links, as src/cache/guard/lexicon.h has it; from the lengths on."""
    starts, text_ = [0], b""
    for word in words:
        text_ += word.encode()
        starts.append(len(text_))
    link_starts, packed = [0], []
    for word in words:
        packed += [kind << 29 | words.index(to) for of, kind, to in links if of == word]
        link_starts.append(len(packed))
    slots = [0] * 8
    for n, word in enumerate(words):
        at = 2166136261
        for byte in word.encode():
            at = (at ^ byte) * 16777619 % 2**32
        while slots[at % 8]:
            at += 1
        slots[at % 8] = n + 1
    numbers = lambda values: struct.pack(f"<{len(values)}I", *values)
    return (numbers([6, len(words), 8, len(packed), len(text_), 0]) + b"notice" + numbers(starts) + numbers(link_starts)
            + numbers(packed) + numbers(slots) + bytes(5 for _ in words) + text_)


seed("lexicon", "three", lexicon(["color", "colour", "men"], [("color", 0, "colour"), ("colour", 0, "color"), ("men", 4, "color")]))


def database(name, settings):
    """All systems' tables in one file, as src/imports has them; small pages, so that a changed byte hits something."""
    path = out / "import_database" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as db:
        db.executescript(settings + """
          CREATE TABLE file(id, filename, path, data, created_at); CREATE TABLE chat(id, title, chat, created_at);
          CREATE TABLE workspaces(id, name); CREATE TABLE workspace_threads(id, name);
          CREATE TABLE workspace_chats(id, workspaceId, prompt, response, user_id, thread_id, createdAt);
          CREATE TABLE chat_history(id, session_id, role, content, timestamp);
          CREATE TABLE document_cache(file_hash, file_name, chunks);
          INSERT INTO file VALUES('1','a/船.md','/x/webui.db','{"content":"One."}',1),('2','船.md',NULL,'{"content":"Two."}',2);
          INSERT INTO workspaces VALUES(1,'Ships'); INSERT INTO workspace_threads VALUES(7,'Crew');
          INSERT INTO workspace_chats VALUES(1,1,'When?','{"text":"Tuesday."}',NULL,7,'2023-11-14 22:13:20'),(2,1,'Who?','{',NULL,NULL,9);
          INSERT INTO chat_history VALUES(1,'s','user','When?',1700000000),(2,'s','assistant','Now.',''),(3,'t','user','Lost?','x');
          INSERT INTO document_cache VALUES('h','a.pdf','[{"text":"One."},"Two.",{"content":"Three."}]'),('i','b','{}');""")
        for row in (("tree", """{"history":{"currentId":"c","messages":{"a":{"parentId":null,"role":"user","content":"When?",
                    "timestamp":1700000000},"c":{"parentId":"a","role":"assistant","content":[{"type":"text",
                    "text":"<details type=\\"reasoning\\">Hm.</details>Tuesday."}]}}}}"""),
                    ("list", '{"messages":[{"role":"user","content":"A?","timestamp":99},{"role":"assistant","content":"B."}]}')):
            db.execute("INSERT INTO chat VALUES(?,?,?,1)", (row[0], row[0], row[1]))
    db.close()


database("small", "PRAGMA page_size=512;")
database("utf16", "PRAGMA page_size=1024; PRAGMA encoding='UTF-16le';")
seed("import_docstore", "pages", """{"docstore/data":{"n1":{"__data__":{"text":"One. Two.","metadata":{"file_name":"船.pdf","original_text":"One. "}}},
"n2":{"__data__":"{\\"text\\":\\"Two.\\",\\"metadata\\":{\\"file_name\\":\\"船.pdf\\"}}"},"n3":{"__data__":{"text":"Three."}}},
"docstore/ref_doc_info":{"d1":{"node_ids":["n1","n2"],"metadata":{"file_name":"../a.pdf"}},"d2":{"node_ids":["n3","gone"],"metadata":{}}}}""")
seed("traceparent", "first", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
seed("traceparent", "later", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more")
seed("traceparent", "accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
seed("exposition", "page", "# HELP asked_total \"Questions\" \\\\ all.\n# TYPE asked_total counter\nasked_total{a=\"b c\"} 3\n"
     "# TYPE took_seconds histogram\ntook_seconds_bucket{le=\"1\"} 1 # {trace_id=\"ab\"} 0.25 1.5\ntook_seconds_sum NaN\n"
     "# TYPE asked_created gauge\nasked_created 1\nplain 1 1700000000000\nprocess_x 1\nplain 2\n# EOF\n")
