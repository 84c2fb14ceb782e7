#include "agents/impl/exchanged_names.h"

#include <algorithm>
#include <optional>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using Lexemes = std::vector<Lexeme>;

constexpr double kAlike = 0.7;  // So much of a claim stands in a sentence that says it of others.

bool is_proper(const Lexeme& lexeme) { return lexeme.kind == LexemeKind::kName && !lexeme.key.starts_with("month:"); }

// Names side by side: "Ian Murdock".
struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::vector<Run> runs(const Lexemes& list) {
  std::vector<Run> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_proper(list[i])) continue;
    if (!out.empty() && out.back().end == i && list[i].clause == list[i - 1].clause) {
      ++out.back().end;
    } else {
      out.push_back({i, i + 1});
    }
  }
  return out;
}

// "in Bordeaux": where and when may stand anywhere.
bool is_adverbial(const Lexemes& list, Run run) {
  std::size_t before = run.begin;
  while (before > 0 && one_of(list[before - 1].key, {"the", "a", "an", "der", "die", "das", "den", "dem"})) --before;
  return before > 0 &&
         one_of(list[before - 1].key,
                {"in",     "at",    "on",     "for",   "from", "with", "to", "of",  "as",   "since", "until",
                 "during", "after", "before", "under", "into", "and",  "or", "und", "oder", "für",   "mit",
                 "aus",    "bei",   "seit",   "nach",  "zu",   "auf",  "an", "als", "im"});
}

std::optional<Run> same_run(const std::vector<Run>& there, const Lexemes& list, const Lexemes& claim, Run run) {
  const auto found =
      std::ranges::find_if(there, [&](Run other) { return same(claim[run.end - 1], list[other.end - 1]); });
  return found == there.end() ? std::nullopt : std::optional(*found);
}

// "was appointed by"
bool is_passive(const Lexemes& list, std::size_t begin, std::size_t end) {
  return std::any_of(list.begin() + static_cast<std::ptrdiff_t>(begin), list.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Lexeme& l) { return one_of(l.key, {"by", "von", "vom", "durch"}); });
}

// Whether a word that says what is done stands between both here and there.
bool share_a_verb(const Lexemes& a, Run a_between, const Lexemes& b, Run b_between) {
  for (std::size_t i = a_between.begin; i < a_between.end; ++i) {
    if (a[i].kind != LexemeKind::kWord) continue;
    for (std::size_t j = b_between.begin; j < b_between.end; ++j) {
      if (b[j].kind == LexemeKind::kWord && same(a[i], b[j])) return true;
    }
  }
  return false;
}

// A name that does in the claim what is done to it in the statement.
std::string turned_round(const Lexemes& claim, const Lexemes& list) {
  const std::vector<Run> here = runs(claim);
  const std::vector<Run> there = runs(list);
  for (std::size_t i = 0; i < here.size(); ++i) {
    for (std::size_t j = i + 1; j < here.size(); ++j) {
      const auto a = same_run(there, list, claim, here[i]);
      const auto b = same_run(there, list, claim, here[j]);
      if (!a || !b || b->end > a->begin) continue;
      if (is_adverbial(claim, here[i]) || is_adverbial(claim, here[j]) || is_adverbial(list, *a) ||
          is_adverbial(list, *b))
        continue;
      const Run claimed{here[i].end, here[j].begin};
      const Run said{b->end, a->begin};
      if (is_passive(claim, claimed.begin, claimed.end) != is_passive(list, said.begin, said.end)) continue;
      if (share_a_verb(claim, claimed, list, said)) return claim[here[i].begin].text;
    }
  }
  return {};
}

// "Treasurer (Tim Sailer)": what stands in brackets, and the word before them.
struct Gloss {
  const Lexeme* word = nullptr;
  Lexemes inside{};
};

std::vector<Gloss> glosses(const Lexemes& list) {
  std::vector<Gloss> out;
  for (std::size_t i = 1; i < list.size(); ++i) {
    if (!list[i].bracketed || list[i - 1].bracketed || !is_content(list[i - 1])) continue;
    Gloss gloss{.word = &list[i - 1]};
    for (; i < list.size() && list[i].bracketed; ++i) gloss.inside.push_back(list[i]);
    if (gloss.inside.size() <= 4) out.push_back(std::move(gloss));
  }
  return out;
}

bool holds_all(const Lexemes& claim, const Lexemes& list) {
  return std::ranges::all_of(list, [&](const Lexeme& one) { return !is_content(one) || holds(claim, one); });
}

// One side of a gloss with the other side of another.
std::string wrongly_glossed(const Lexemes& claim, const Lexemes& list) {
  const std::vector<Gloss> all = glosses(list);
  for (const Gloss& one : all) {
    for (const Gloss& other : all) {
      if (&one == &other || same(*one.word, *other.word) || holds(one.inside, *other.word)) continue;
      const bool crossed = holds_all(claim, one.inside) && !holds(claim, *one.word) && holds(claim, *other.word) &&
                           !holds_all(claim, other.inside);
      if (crossed) return one.inside.front().text;
    }
  }
  return {};
}

}  // namespace

std::string exchanged_name(const Statement& claim, const Cited& cited) {
  for (const Statement& statement : cited.statements) {
    std::string found = wrongly_glossed(claim.lexemes, statement.lexemes);
    if (found.empty() && covered(claim.lexemes, statement.lexemes) >= kAlike)
      found = turned_round(claim.lexemes, statement.lexemes);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace docmind::agents
