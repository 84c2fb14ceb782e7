#include "agents/impl/points_back.h"

#include <algorithm>
#include <array>
#include <string>

#include "text/terms.h"

namespace docmind::agents {
namespace {

constexpr auto kVerbs = std::to_array<std::string_view>({
    "accept",  "add",      "allow",   "answer",  "apply",   "arrive",    "ask",       "become",    "begin",
    "behave",  "belong",   "break",   "bring",   "build",   "buy",       "call",      "carry",     "cause",
    "change",  "check",    "choose",  "close",   "come",    "compare",   "configure", "conflict",  "connect",
    "contain", "cost",     "count",   "create",  "cross",   "decide",    "declare",   "define",    "delete",
    "depend",  "describe", "differ",  "disable", "edit",    "enable",    "end",       "exist",     "expect",
    "explain", "fail",     "finish",  "follow",  "forbid",  "found",     "go",        "grow",      "handle",
    "happen",  "help",     "hold",    "ignore",  "include", "install",   "invent",    "keep",      "know",
    "last",    "lead",     "leave",   "lie",     "like",    "list",      "live",      "load",      "look",
    "mean",    "mention",  "move",    "occur",   "offer",   "open",      "own",       "pay",       "play",
    "prevent", "produce",  "provide", "publish", "put",     "read",      "receive",   "recommend", "remove",
    "replace", "require",  "resolve", "return",  "run",     "say",       "search",    "see",       "sell",
    "send",    "serve",    "set",     "show",    "sign",    "speak",     "start",     "stay",      "stop",
    "store",   "support",  "take",    "test",    "turn",    "uninstall", "unpack",    "update",    "upgrade",
    "upload",  "verify",   "visit",   "work",    "write",
});
constexpr auto kIrregular = std::to_array<std::string_view>({
    "began", "brought", "broke", "built", "came", "chose", "found", "grew",    "held", "kept",
    "knew",  "known",   "led",   "left",  "made", "paid",  "ran",   "said",    "saw",  "sent",
    "sold",  "spoke",   "stood", "taken", "took", "went",  "wrote", "written", "won",
});

bool is_base_verb(std::string_view word) { return std::ranges::find(kVerbs, word) != kVerbs.end(); }

}  // namespace

bool is_auxiliary(std::string_view lower) {
  return one_of(lower, {"do",    "does", "did",   "is",    "are",    "was",    "were",  "am",      "can",
                        "could", "will", "would", "shall", "should", "must",   "may",   "might",   "has",
                        "have",  "had",  "don't", "isn't", "aren't", "wasn't", "can't", "doesn't", "didn't"});
}

bool is_preposition(std::string_view lower) {
  return one_of(lower,
                {"in",    "on",    "at",     "for",   "from", "since", "during", "with",    "without", "by",   "to",
                 "under", "after", "before", "until", "of",   "about", "within", "outside", "inside",  "over", "near"});
}

bool is_determiner(std::string_view lower) {
  return one_of(lower, {"the", "a", "an", "my", "our", "your", "each", "every", "any", "some", "no", "all"});
}

bool is_verb(std::string_view lower) {
  if (is_base_verb(lower) || std::ranges::find(kIrregular, lower) != kIrregular.end()) return true;
  for (const std::string_view ending : {"s", "es", "d", "ed", "ing"}) {
    if (!lower.ends_with(ending)) continue;
    const std::string_view base = lower.substr(0, lower.size() - ending.size());
    if (is_base_verb(base)) return true;
    if (ending == "ing" && is_base_verb(std::string(base) + "e")) return true;
  }
  return false;
}

bool is_subject_word(std::string_view lower) {
  if (lower.empty() || text::is_function_word(lower)) return false;
  return !one_of(lower, {"long",    "much",     "many",    "often",     "far",      "mean",    "means",    "exactly",
                         "example", "examples", "explain", "elaborate", "continue", "detail",  "details",  "happen",
                         "happens", "happened", "really",  "ok",        "okay",     "else",    "likewise", "yet",
                         "what's",  "who's",    "that's",  "it's",      "how's",    "where's", "whom",     "go",
                         "say",     "know",     "reason",  "reasons",   "kind",     "kinds",   "like",     "since"});
}

std::string_view stem_of(const Word& word) {
  std::string_view stem = word.lower;
  stem = stem.substr(0, stem.find('\''));
  return stem.substr(0, stem.find("\u2019"));
}

bool ends_clause(const Word& word) {
  const char last = word.raw.back();
  return last == ',' || last == ';' || last == ':' || last == '.' || last == '?' || last == '!';
}

}  // namespace docmind::agents
