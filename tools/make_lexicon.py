#!/usr/bin/env python3
"""Makes the lexicon of room cache/guard from WordNet 3.0 (Debian's package wordnet-base). Deterministic.

make_lexicon.py /usr/share/wordnet OUT. src/cache/guard/lexicon.h describes what is written.

Two words are synonyms here when both mean the same thing in two fifths of all their uses or more (WordNet's own counts), or
nearly all their meanings are the same (colour, color); and when neither the opposite of one nor of a synonym of one is the other.
"""
import collections, hashlib, pathlib, re, struct, sys

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
POS = {"n": 0, "v": 1, "a": 2, "r": 3}  # link kinds of synonyms; below: of forms
PLURAL, THIRD, ING, PAST = 4, 5, 6, 7
COMMON, PROPER, FORM = 1, 2, 64  # flags; 4 << POS: part of speech
QUANTITY = "23"  # WordNet's noun.quantity: a mebibyte is no megabyte
SHARE = 0.4
ALL_BUT_ALL = 0.75
# WordNet's uses were counted in texts of 1961. These words mean something else in documents about software, money, medicine or
# physics, where "print" is not "publish" and "velocity" not "speed": they have no synonyms here.
OTHERWISE = set("""
    agency archive authorities balance board bond branch bug bundle bureau cache capital case cast character charge class client
    commission commit committee compile component derive director discount driver dump element engagement enrol enroll event
    execute fault fee field file film filter fiscal function fuse guest heap host image index instance interest interrupt isolate
    issue job kernel key kill lend library link lock log main manager mapping merge method module mount number object order
    package packet page partner patch plan plane plant port prescribe principal print procedure process program project promote
    property publish queue race record recover recruit release resign restore retrieve return route salary save script sheet
    shell shot signal sort stack stock store string switch table task terminate thread ticket trace tree type upgrade velocity
    version volume wage wood works""".split())
COMPUTING = "computer_science"  # And what WordNet marks as a term of it.
WORD = re.compile(r"[a-z]{2,63}$")

source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def lines(name):
    return (line for line in (source / name).read_text("latin-1").splitlines() if not line.startswith(" "))


senses = {}  # (lemma, pos) -> synsets, most used first
for pos, name in FILES.items():
    for line in lines("index." + name):
        fields = line.split()
        senses[fields[0], pos] = fields[4 + int(fields[3]) + 2:]
uses = collections.Counter()  # (lemma, pos, sense number)
for line in lines("cntlist.rev"):
    key, number, count = line.split()
    lemma, rest = key.split("%")
    uses[lemma, {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}[rest[0]], int(number)] += int(count)
meanings = collections.defaultdict(set)
for (lemma, pos), synsets in senses.items():
    meanings[lemma] |= {(pos, synset) for synset in synsets}
all_uses, all_senses = collections.Counter(), collections.Counter()
for (lemma, pos), synsets in senses.items():
    all_senses[lemma] += len(synsets)
    all_uses[lemma] += sum(uses[lemma, pos, n + 1] for n in range(len(synsets)))

flags, synsets, opposites = collections.Counter(), [], collections.defaultdict(set)
members, opposed, otherwise = {}, [], set(OTHERWISE)
computing = senses[COMPUTING, "n"][0]
for pos, name in FILES.items():
    for line in lines("data." + name):
        fields = line.split(" | ")[0].split(" ")
        n = int(fields[3], 16)
        words = [w.split("(")[0] for w in fields[4:4 + 2 * n:2]]
        members[pos, fields[0]] = [w.lower() for w in words]
        for word in words:
            if WORD.match(word.lower()):
                flags[word.lower()] |= (COMMON if word.islower() else PROPER) | (4 << POS[pos] if word.islower() else 0)
        if fields[1] != QUANTITY:
            synsets.append((pos, fields[0], sorted({w for w in words if WORD.match(w)})))
        at = 4 + 2 * n
        for _ in range(int(fields[at])):
            symbol, target, target_pos, ends = fields[at + 1:at + 5]
            at += 4
            if symbol == "!":
                opposed.append((words[int(ends[:2], 16) - 1].lower(), target_pos, target, int(ends[2:], 16) - 1))
            if symbol == ";c" and target == computing:
                otherwise |= set(words)
for word, pos, target, index in opposed:
    other = members[pos, target][index].split("(")[0]
    opposites[word].add(other)
    opposites[other].add(word)


def share(word, pos, synset):
    """How much of all uses of the word is this sense; a little is lent to what was never counted."""
    number = senses[word, pos].index(synset) + 1
    lent = 0.5 if number == 1 else 0.1
    return (uses[word, pos, number] + lent) / (all_uses[word] + 0.5 + 0.1 * (all_senses[word] - 1))


synonyms = collections.defaultdict(set)  # word -> (pos, other)
for pos, synset, words in synsets:
    words = [w for w in words if w not in otherwise]
    for a in words:
        synonyms[a] |= {(pos, b) for b in words if a != b and (
            min(share(a, pos, synset), share(b, pos, synset)) >= SHARE
            or len(meanings[a] & meanings[b]) >= ALL_BUT_ALL * max(len(meanings[a]), len(meanings[b])))}


def opposite(a, b):
    near = {a} | {w for _, w in synonyms[a]}
    return any(o == b or b in {w for _, w in synonyms[o]} for w in near for o in opposites[w])


words_with = sorted(synonyms)
links = collections.defaultdict(set)
for a in words_with:
    links[a] |= {(POS[pos], b) for pos, b in synonyms[a] if not opposite(a, b) and not opposite(b, a)}

for pos, name in (("n", "noun.exc"), ("v", "verb.exc")):
    for line in lines(name):
        form, *bases = line.split()
        for base in bases:
            if WORD.match(form) and flags[base] & (4 << POS[pos]) and form != base:
                kind = PLURAL if pos == "n" else ING if form.endswith("ing") else THIRD if form.endswith("s") else PAST
                links[form].add((kind, base))
                flags[form] |= FORM
for line in lines("adj.exc"):
    form = line.split()[0]
    if WORD.match(form):
        flags[form] |= FORM
# A plural that is also a word of its own ("strings" of an orchestra) counts as a plural when nobody used it otherwise.
for word in [w for w in flags if flags[w] & COMMON and w.endswith("s") and not all_uses[w]]:
    if flags[word[:-1]] & 4 and all_uses[word[:-1]] >= 5:
        links[word].add((PLURAL, word[:-1]))

words = sorted(w for w in flags if flags[w])
ids = {word: n for n, word in enumerate(words)}
starts, link_starts, link_words = [0], [0], []
for word in words:
    starts.append(starts[-1] + len(word))
    link_words += sorted(kind << 29 | ids[other] for kind, other in links[word])
    link_starts.append(len(link_words))
slots = [0] * (1 << (2 * len(words) - 1).bit_length())
for word in words:
    at = 2166136261
    for byte in word.encode():
        at = (at ^ byte) * 16777619 & 0xFFFFFFFF
    while slots[at := at & len(slots) - 1]:
        at += 1
    slots[at] = ids[word] + 1
notice = "\n".join(re.sub(r"^ +\d+ ?", "", line).rstrip() for line in (source / "data.noun").read_text("latin-1").splitlines()
                   if line.startswith(" "))
notice = ("From WordNet 3.0, whose notice follows.\n" + notice + "\n").encode()
notice += b"\n" * (-len(notice) % 4)
text = "".join(words).encode()
numbers = starts + link_starts + link_words + slots
body = struct.pack("<6I", len(notice), len(words), len(slots), len(link_words), len(text), 0) + notice
body += struct.pack(f"<{len(numbers)}I", *numbers) + bytes(flags[w] for w in words) + text
out.parent.mkdir(parents=True, exist_ok=True)
out.write_bytes(b"DMLEXIC1" + hashlib.blake2b(body, digest_size=32).digest() + body)
