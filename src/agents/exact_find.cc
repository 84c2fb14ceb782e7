#include "agents/exact_find.h"

#include <algorithm>
#include <iterator>

#include "agents/set_search.h"
#include "base/utf8.h"
#include "library/lexical_index.h"
#include "text/characters.h"
#include "text/normalise.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

bool is_blank(char32_t c) { return c == ' ' || c == '\n' || c == '\t' || c == 0xa0; }

// Scripts that set borders between words; in the others a phrase may stand anywhere.
bool has_borders(char32_t c) { return text::is_word_character(c) && (c < 0x0e00 || (c >= 0x1000 && c < 0x3041)); }

std::u32string folded(std::string_view phrase) {
  std::u32string out;
  for (std::size_t at = 0; at < phrase.size();) {
    const CodePoint c = code_point_at(phrase, at);
    out += text::fold_case(c.value);
    at += c.length;
  }
  return out;
}

// Where the phrase ends when it begins at text[at]; nothing when it does not.
std::optional<std::size_t> end_of_match(std::string_view text, std::size_t at, const std::u32string& phrase) {
  for (const char32_t wanted : phrase) {
    if (at >= text.size()) return std::nullopt;
    CodePoint c = code_point_at(text, at);
    if (is_blank(wanted)) {
      if (!is_blank(c.value)) return std::nullopt;
      while (at < text.size() && is_blank((c = code_point_at(text, at)).value)) at += c.length;
      continue;
    }
    if (text::fold_case(c.value) != wanted) return std::nullopt;
    at += c.length;
  }
  return at;
}

char32_t before(std::string_view text, std::size_t at) {
  if (at == 0) return 0;
  do --at;
  while (!is_char_border(text, at));
  return code_point_at(text, at).value;
}

bool is_bordered(std::string_view text, doc::Span span) {
  const char32_t first = code_point_at(text, span.start).value;
  const char32_t last = before(text, span.end);
  if (has_borders(first) && has_borders(before(text, span.start))) return false;
  return !has_borders(last) || span.end >= text.size() || !has_borders(code_point_at(text, span.end).value);
}

// The documents that hold every whole word of the phrase; nothing when the index cannot tell.
Result<std::optional<std::vector<std::int64_t>>> may_hold(std::string_view phrase, library::Snapshot& at) {
  std::optional<std::vector<std::int64_t>> keys;
  for (const text::Term& term : text::terms(phrase)) {
    const bool letters = std::ranges::all_of(
        term.text, [](char c) { return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80U; });
    if (!letters || term.text.size() >= text::kMaxTermBytes) continue;
    const auto holding = DM_TRY(library::documents_holding(at, term.text));
    if (!keys) {
      keys = holding;
      continue;
    }
    std::vector<std::int64_t> both;
    std::ranges::set_intersection(*keys, holding, std::back_inserter(both));
    keys = std::move(both);
  }
  return keys;
}

}  // namespace

std::vector<doc::Span> occurrences(std::string_view text, std::string_view phrase) {
  std::vector<doc::Span> out;
  const std::u32string wanted = folded(text::fold_space(phrase));
  if (wanted.empty() || !is_utf8(text)) return out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    if (text::fold_case(c.value) == wanted.front()) {
      const auto end = end_of_match(text, at, wanted);
      if (end && is_bordered(text, {at, *end})) {
        out.push_back({at, *end});
        at = *end;
        continue;
      }
    }
    at += c.length;
  }
  return out;
}

Result<FoundPhrase> exact_find(std::string_view phrase, const retrieval::Filter& filter, library::Snapshot& at,
                               const FindLimits& limits, Deadline deadline, std::stop_token stop) {
  if (phrase.size() > limits.phrase_bytes || !is_utf8(phrase) || text::terms(phrase).empty()) {
    return Error{Code::kInvalidArgument, "The phrase holds no word, or is longer than 1 KiB.",
                 "Give the words as they stand in the documents."};
  }
  // What is stored is in Unicode's composed form.
  const std::string wanted = text::nfc(phrase);
  FoundPhrase out;
  std::vector<std::int64_t> documents = DM_TRY(at.matching(to_library(filter)));
  out.documents_total = documents.size();
  if (const auto holding = DM_TRY(may_hold(wanted, at))) {
    std::vector<std::int64_t> both;
    std::ranges::sort(documents);
    std::ranges::set_intersection(documents, *holding, std::back_inserter(both));
    documents = std::move(both);
  }
  out.documents_read = out.documents_total - documents.size();
  std::uint64_t bytes = 0;
  for (const std::int64_t key : documents) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The search was stopped."};
    if (deadline.expired() || bytes > limits.text_bytes) return out;
    const std::string text = DM_TRY(at.text(key));
    bytes += text.size();
    const std::vector<doc::Span> places = occurrences(text, wanted);
    ++out.documents_read;
    out.total += places.size();
    if (!places.empty()) out.holding.push_back(key);
    for (const doc::Span& span : places) {
      if (out.places.size() < limits.places) out.places.push_back({key, span});
    }
  }
  return out;
}

}  // namespace docmind::agents
