#include "agents/support.h"

#include <algorithm>
#include <array>

#include "agents/impl/cited.h"
#include "agents/impl/denied.h"
#include "agents/impl/exchanged_names.h"
#include "agents/impl/mentions.h"
#include "agents/impl/misplaced.h"
#include "agents/impl/missing_number.h"
#include "agents/impl/unknown_name.h"

namespace docmind::agents {
namespace {

constexpr double kRelated = 0.34;  // Of its words; fewer in all passages together: it is about something else.

bool stands_on(std::uint32_t page, const CitedPassage& evidence) {
  const std::string label = std::to_string(page);
  return (evidence.page && page >= *evidence.page && page <= evidence.page_end.value_or(*evidence.page)) ||
         evidence.page_label == label;
}

std::string missing_name(const Statement& claim, const Cited& cited) {
  std::string found = unknown_name(claim, cited);
  if (found.empty()) found = misplaced(claim, cited, LexemeKind::kName);
  return found.empty() ? exchanged_name(claim, cited) : found;
}

}  // namespace

std::string_view name(Fault fault) {
  constexpr std::array<std::string_view, 9> kNames = {"none",     "no_citation", "out_of_range", "unrelated", "number",
                                                      "negation", "name",        "page",         "quote"};
  return kNames.at(static_cast<std::size_t>(fault));
}

Verdict check_sentence(const CitedSentence& sentence, std::span<const CitedPassage> evidence) {
  if (sentence.marks.empty()) return {Fault::kNoCitation, {}};
  for (const std::uint32_t mark : sentence.marks) {
    if (mark == 0 || mark > evidence.size()) return {Fault::kOutOfRange, "[" + std::to_string(mark) + "]"};
  }
  const Cited cited = read_cited(sentence.marks, evidence);
  const std::string text = well_formed(sentence.text);
  const PageMentions mentions = page_mentions(text);
  for (const std::uint32_t page : mentions.pages) {
    const bool stands =
        std::ranges::any_of(cited.evidence, [&](const CitedPassage* one) { return stands_on(page, *one); });
    if (!stands) return {Fault::kPage, std::to_string(page)};
  }
  for (const std::string& quote : quotes(text)) {
    if (!is_quoted_from(quote, cited.plain_text)) return {Fault::kQuote, quote};
  }
  const Statement claim = statement_of(mentions.rest);
  if (std::string number = missing_number(claim, cited); !number.empty()) return {Fault::kNumber, std::move(number)};
  if (std::string found = missing_name(claim, cited); !found.empty()) return {Fault::kName, std::move(found)};
  if (std::string clause = denied(claim, cited); !clause.empty()) return {Fault::kNegation, std::move(clause)};
  if (covered(claim.lexemes, cited.all) < kRelated) return {Fault::kUnrelated, {}};
  return {};
}

}  // namespace docmind::agents
