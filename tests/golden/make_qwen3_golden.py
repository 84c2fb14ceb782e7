#!/usr/bin/env python3
"""Writes what Hugging Face transformers and tokenizers say about the checkpoint of tiny_qwen3.py:

  src/engine/testing/qwen3_tokens.txt   2,000 strings in 30 scripts, a quarter of them in NFD, and their token ids
  src/engine/testing/qwen3_greedy.json  20 prompts, bf16 and FP8 weights: 32 greedy tokens each, the reference's gap
                                        between its best two logits at each, and some of the first logits

usage: make_qwen3_golden.py VOCABULARY.gguf      (needs torch, transformers, tokenizers and numpy; computes in float32)
"""
import json
import pathlib
import random
import sys
import tempfile
import unicodedata

import numpy as np
import tiny_qwen3

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent / "src/engine/testing"
# A sentence in each of 30 scripts.
SENTENCES = """
All human beings are born free and equal in dignity and rights — naïve façades, Łódź, Åse, œuvre.
Все люди рождаются свободными и равными в своём достоинстве и правах; їжак, ёлка, здравствуй!
Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια· τί ἐστι, ὦ ἄνδρες;
人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。
すべての人間は、生まれながらにして自由であり、がぎぐげご、パピプペポ、ヴァイオリン。
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 값싼 닭, 읽다.
يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق، وقد وُهِبوا عقلاً وضميرًا.
כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם; שָׁלוֹם עֲלֵיכֶם.
सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। क़लम, ज़रा।
সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে। ড়, ঢ়, য়।
ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ, ਸ਼ਾਨ ਅਤੇ ਹੱਕਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ।
બધા મનુષ્યો જન્મથી જ સ્વતંત્ર અને ગૌરવ તથા અધિકારોની દૃષ્ટિએ સમાન છે.
ସବୁ ମନୁଷ୍ୟ ଜନ୍ମକାଳରୁ ସ୍ୱାଧୀନ ଏବଂ ମର୍ଯ୍ୟାଦା ଓ ଅଧିକାରରେ ସମାନ ଅଟନ୍ତି।
மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; கொடை, போர், கௌரவம்.
ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.
ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ. ಹಾಗೂ ಘನತೆ ಮತ್ತು ಹಕ್ಕುಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ.
മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും സ്വാതന്ത്ര്യത്തോടുംകൂടി ജനിച്ചവരാണ്.
සියලු මනුෂ්‍යයෝ නිදහස්ව උපත ලබා ඇත. ගරුත්වයෙන් හා අයිතිවාසිකම්වලින් සමාන වෙති.
มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ น้ำ ทำ ๑๒๓
ມະນຸດທຸກຄົນເກີດມາມີສິດເສລີພາບ ແລະສະເໝີໜ້າກັນໃນທາງກຽດຕິສັກ ແລະທາງສິດດ້ວຍ.
လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့် လည်းကောင်း၊ မွေးဖွားလာသူများ ဖြစ်သည်။
មនុស្សទាំងអស់ កើតមកមានសេរីភាព និងសមភាព ក្នុងផ្នែកសេចក្ដីថ្លៃថ្នូរនិងសិទ្ធិ។
འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང༌།
ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.
Բոլոր մարդիկ ծնվում են ազատ ու հավասար՝ իրենց արժանապատվությամբ և իրավունքներով։
የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።
ᎾᏂᎥ ᎨᏥᎸᏉᏗ ᎤᎾᏕᎿ ᎠᎴ ᎤᏂᎩᏳᏛ ᎨᏒ ᏚᎾᏓᏳᎩ ᎠᎴ ᏧᏂᎵᏍᎪᎸᏙᏗ.
ᐃᓅᔪᓕᒫᑦ ᐊᓂᖅᑎᕆᔪᓕᒫᑦ ᐃᓅᓕᕋᒥᒃ ᐃᓱᒪᕐᓱᕐᑎᐅᓪᓗᑎᒃ ᐊᒻᒪᓗ ᐊᔾᔨᐅᖃᑎᒌᒃᖢᑎᒃ.
Хүн бүр төрж мэндлэхэд эрх чөлөөтэй, ᠬᠦᠮᠦᠨ ᠪᠦᠷ ᠲᠥᠷᠥᠵᠦ ᠮᠡᠨᠳᠡᠯᠡᠬᠦ ᠡᠷᠬᠡ ᠴᠢᠯᠥᠭᠡ ᠲᠡᠢ᠃
𐌰𐌻𐌻𐌰𐌹 𐌼𐌰𐌽𐌽𐌰𐌽𐍃 ⴰⵔ ⴷ ⵜⵜⵍⴰⵍⴰⵏ ⵎⵉⴷⴷⵏ ⴳⴰⵏ ⵉⵍⴻⵍⵍⵉⵢⵏ ߡߐ߱ ߓߍ߯ ߛߏߟߏ߲ߧߊ߫
""".strip().split("\n")
EXTRAS = ["  ", "\n", "\n\n", "\t", "3.14", "1,234,567", "2026-11-21", "don't", "WE'LL", "I'd", "x = f(y);", "{}", "/* */",
          "https://a.example/b?c=d", "🙂", "👩‍👩‍👧", "🇩🇪", "e\u0301", "A\u030a", "ﬁ", "Å", "½", "①", "…", "\u00a0", "\u200b",
          "\u3000", "\r\n", "__init__", "C++20", "---", "...", "|a|b|", "ẛ̣", "가\u11a8"]
PROMPTS = ["The quick brown fox", "What is a chunk?", "def fib(n):\n", "1, 2, 3, 5, 8,", "Les bateaux", "今天天气", "Привет,",
           "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", "SELECT * FROM", "안녕하세요", "a", "\n\n",
           "In 1969 the first", "Ω = ", "{\"name\": \"", "# Title\n\n- one\n- two\n", "สวัสดี", "नमस्ते", "lorem ipsum dolor sit amet",
           "The cat sat on the mat. The cat sat on the"]


def strings(rng):
    out = []
    while len(out) < 2000:
        words = SENTENCES[len(out) % len(SENTENCES)].split(" ")
        first = rng.randrange(len(words))
        text = " ".join(words[first:first + rng.randint(1, 4)])
        if rng.random() < 0.4:
            text += rng.choice(["", " "]) + rng.choice(EXTRAS)
        if rng.random() < 0.2:
            text = rng.choice(EXTRAS) + text
        text = unicodedata.normalize("NFD" if len(out) % 4 == 0 else "NFC", text)
        out.append(text[rng.randrange(3) if rng.random() < 0.2 else 0:44])
    return out


def write_tokens(tokenizer):
    lines = []
    for text in strings(random.Random(7)):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        lines.append(json.dumps(text, ensure_ascii=False) + "\t" + " ".join(np.base_repr(i, 36).lower() for i in ids))
    (ROOT / "qwen3_tokens.txt").write_text("\n".join(lines) + "\n")


def reference(fp8):
    import torch
    import transformers
    config = transformers.Qwen3Config(**{k: v for k, v in tiny_qwen3.config().items() if k != "architectures"})
    config._attn_implementation = "eager"
    model = transformers.Qwen3ForCausalLM(config).float().eval()
    weights = {name: torch.from_numpy(np.ascontiguousarray(values)) for name, _, _, _, values in tiny_qwen3.tensors(fp8)
               if values is not None}
    missing = model.load_state_dict(weights, strict=False)
    assert not missing.unexpected_keys and set(missing.missing_keys) <= {"lm_head.weight"}, missing
    model.tie_weights()
    assert model.lm_head.weight is model.model.embed_tokens.weight
    theta = getattr(config, "rope_theta", None) or config.rope_parameters["rope_theta"]
    assert theta == 5000000, theta
    return model


def greedy(model, prompt):
    import torch
    out, cache, tokens = {"tokens": [], "gaps": []}, None, torch.tensor([prompt])
    with torch.no_grad():
        for step in range(32):
            result = model(tokens, past_key_values=cache, use_cache=True)
            cache, logits = result.past_key_values, result.logits[0, -1]
            best = torch.topk(logits, 8)
            if step == 0:
                out["top"] = best.indices.tolist()
                out["top_logits"] = [round(v, 6) for v in best.values.tolist()]
                out["every_1000th"] = [round(v, 5) for v in logits[::1000].tolist()]
            out["tokens"].append(best.indices[0].item())
            out["gaps"].append(round((best.values[0] - best.values[1]).item(), 6))
            tokens = torch.tensor([[out["tokens"][-1]]])
    return out


def main():
    import tokenizers
    with tempfile.TemporaryDirectory() as folder:
        tiny_qwen3.write_texts(folder, sys.argv[1])
        tokenizer = tokenizers.Tokenizer.from_file(folder + "/tokenizer.json")
    write_tokens(tokenizer)
    golden = {"prompts": [{"text": p, "ids": tokenizer.encode(p, add_special_tokens=False).ids} for p in PROMPTS]}
    for name in ("bf16", "fp8"):
        model = reference(name == "fp8")
        golden[name] = [greedy(model, p["ids"]) for p in golden["prompts"]]
    text = json.dumps(golden, ensure_ascii=False).replace('{"', '\n{"')
    (ROOT / "qwen3_greedy.json").write_text(text + "\n")


main()
