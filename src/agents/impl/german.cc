#include "agents/impl/german.h"

#include <algorithm>
#include <array>
#include <string>

#include "agents/impl/words.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

constexpr auto kFunctionWords = [] {
  auto list = std::to_array<std::string_view>(
      {"ab",      "aber",   "alle",   "allem",   "allen",   "aller",   "als",     "also",   "am",     "an",
       "andere",  "auch",   "auf",    "aus",     "bei",     "beim",    "bereits", "bis",    "da",     "dabei",
       "dadurch", "damit",  "dann",   "daran",   "das",     "dass",    "davon",   "dazu",   "dem",    "den",
       "denen",   "denn",   "der",    "deren",   "des",     "dessen",  "die",     "dies",   "diese",  "diesem",
       "diesen",  "dieser", "dieses", "doch",    "dort",    "durch",   "ein",     "eine",   "einem",  "einen",
       "einer",   "eines",  "er",     "es",      "etwa",    "für",     "gab",     "gegen",  "gibt",   "gilt",
       "haben",   "hat",    "hatte",  "hatten",  "hier",    "ihm",     "ihn",     "ihnen",  "ihr",    "ihre",
       "ihrem",   "ihren",  "ihrer",  "im",      "immer",   "in",      "ins",     "ist",    "jede",   "jeden",
       "jeder",   "jedes",  "jedoch", "kann",    "kein",    "keine",   "keinen",  "keiner", "können", "könnte",
       "laut",    "lässt",  "man",    "mehr",    "mit",     "muss",    "müssen",  "nach",   "neben",  "nicht",
       "nie",     "noch",   "nur",    "ob",      "oder",    "ohne",    "pro",     "rund",   "schon",  "sehr",
       "sein",    "seine",  "seinem", "seinen",  "seiner",  "seit",    "sich",    "sie",    "sind",   "so",
       "soll",    "sollen", "sollte", "sollten", "sondern", "sowie",   "statt",   "steht",  "trotz",  "über",
       "übers",   "um",     "und",    "unter",   "viele",   "vom",     "von",     "vor",    "war",    "waren",
       "was",     "weil",   "wenn",   "werden",  "wie",     "wieder",  "wir",     "wird",   "wobei",  "wurde",
       "wurden",  "würde",  "zu",     "zum",     "zur",     "zwischen"});
  std::ranges::sort(list);
  return list;
}();

bool is_english_too(std::string_view lower) {
  return text::is_function_word(lower) || one_of(lower, {"die", "den", "des", "hat", "man", "war", "gilt", "pro"});
}

}  // namespace

bool is_german_function_word(std::string_view lower) { return std::ranges::binary_search(kFunctionWords, lower); }

bool is_german(std::string_view sentence) {
  int german = 0;
  int english = 0;
  for (const Word& word : words(sentence)) {
    const std::string lower = lower_of(word.bare);
    const bool known = is_german_function_word(lower);
    german += known && !is_english_too(lower) ? 1 : 0;
    english += !known && text::is_function_word(lower) ? 1 : 0;
  }
  return german >= 2 || (german == 1 && english == 0);
}

}  // namespace docmind::agents
