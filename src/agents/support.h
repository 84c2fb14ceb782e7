// Whether a sentence that a model wrote is borne out by the passages it cites, decided without a model.
//
// Each of these has to stand in the cited passages: every number (with its unit, however it is written), date, name and
// identifier, quoted string, page that is mentioned; the sentence's polarity; and enough of its content words. Numbers
// and names must also stand where the rest of their clause stands: "built in 1911" is not supported by a passage that
// says 1911 of another ship. The rules err on the side of marking. They see words, not meaning: a false statement in
// the passage's own words and polarity passes ("A feeds B" for "B feeds A").
//
// English in full; German with pairs of capitalised words as names; Chinese and Japanese by numbers, negation,
// identifiers, quotes and pairs of characters. Pure; any bytes are taken.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "agents/cited_sentences.h"

namespace docmind::agents {

// What a mark stands for: [n] is the n-th.
struct CitedPassage {
  std::string_view text{};
  std::string_view document{};          // Path or file name.
  std::optional<std::uint32_t> page{};  // 1-based; absent where the format has none.
  std::optional<std::uint32_t> page_end{};
  std::string_view page_label{};  // As printed; may be empty.
};

enum class Fault : std::uint8_t {
  kNone,
  kNoCitation,
  kOutOfRange,  // A mark that names no passage.
  kUnrelated,   // Too few of its words stand in the passages.
  kNumber,
  kNegation,
  kName,
  kPage,
  kQuote,
};

std::string_view name(Fault fault);  // "none", "no_citation", "out_of_range", "unrelated", "number", ...

struct Verdict {
  Fault fault = Fault::kNone;
  std::string detail{};  // What was not found, as the sentence has it.

  bool supported() const { return fault == Fault::kNone; }
};

Verdict check_sentence(const CitedSentence& sentence, std::span<const CitedPassage> evidence);

}  // namespace docmind::agents
