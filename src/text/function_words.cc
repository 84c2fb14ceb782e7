#include <algorithm>
#include <array>

#include "text/terms.h"

namespace docmind::text {
namespace {

// Sorted, so that a look-up is a binary search. "s", "t", "ll"... are what an apostrophe leaves of "it's", "don't".
constexpr auto kFunctionWords = std::to_array<std::string_view>({
    "a",       "about",   "above",  "after",   "again", "against", "all",     "also",   "am",      "an",    "and",
    "any",     "are",     "aren",   "as",      "at",    "be",      "because", "been",   "before",  "being", "below",
    "between", "both",    "but",    "by",      "can",   "cannot",  "could",   "couldn", "d",       "did",   "didn",
    "do",      "does",    "doesn",  "doing",   "don",   "down",    "during",  "each",   "else",    "ever",  "few",
    "find",    "for",     "from",   "further", "get",   "gets",    "give",    "had",    "has",     "hasn",  "have",
    "haven",   "having",  "he",     "her",     "here",  "hers",    "him",     "his",    "how",     "i",     "if",
    "in",      "into",    "is",     "isn",     "it",    "its",     "just",    "let",    "ll",      "m",     "made",
    "make",    "makes",   "making", "may",     "me",    "might",   "more",    "most",   "must",    "my",    "need",
    "needed",  "needs",   "no",     "nor",     "not",   "of",      "off",     "on",     "once",    "only",  "or",
    "other",   "our",     "out",    "over",    "own",   "please",  "re",      "s",      "same",    "shall", "she",
    "should",  "shouldn", "so",     "some",    "such",  "t",       "tell",    "tells",  "than",    "that",  "the",
    "their",   "them",    "then",   "there",   "these", "they",    "this",    "those",  "through", "to",    "too",
    "under",   "until",   "up",     "upon",    "us",    "use",     "used",    "uses",   "using",   "ve",    "very",
    "want",    "wanted",  "wants",  "was",     "wasn",  "way",     "ways",    "we",     "were",    "what",  "when",
    "where",   "whether", "which",  "while",   "who",   "whom",    "whose",   "why",    "will",    "with",  "within",
    "without", "won",     "would",  "you",     "your",  "yours",
});
static_assert(std::ranges::is_sorted(kFunctionWords));

}  // namespace

std::span<const std::string_view> function_words() { return kFunctionWords; }

bool is_function_word(std::string_view lower_case_word) {
  return std::ranges::binary_search(kFunctionWords, lower_case_word);
}

}  // namespace docmind::text
