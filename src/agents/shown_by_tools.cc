#include "agents/shown_by_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <utility>

#include "agents/exact_number.h"
#include "agents/set_search.h"
#include "base/json.h"
#include "base/json_members.h"
#include "base/utf8.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostPassages = 5;  // Of one call.
constexpr std::uint64_t kMostPassage = 2048;
constexpr std::uint64_t kMostPage = 6144;
constexpr std::size_t kMostRows = 20;    // Of one set.
constexpr std::size_t kMostCell = 200;   // Bytes.
constexpr std::size_t kMostPlaces = 10;  // Of one passage.

std::string text_at(const json::value& whole, std::string_view key) {
  return std::string(json_text(json_member(whole, key)));
}
std::uint64_t count_at(const json::value& whole, std::string_view key) { return json_count(json_member(whole, key)); }
doc::Span span_at(const json::value& whole) { return {count_at(whole, "start"), count_at(whole, "end")}; }

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && !is_char_border(text, most)) --most;
  text.resize(most);
  return text;
}

// ---- passages as they stand ----

// The stored text of a span, or of its beginning.
Result<NumberedPassage> stored(const std::string& document_id, doc::Span span, std::uint64_t most,
                               library::Snapshot& at) {
  NumberedPassage out;
  Place place = DM_TRY(place_in(document_id, span, at));
  out.document = DM_TRY(at.document(place.document)).path;
  out.text = cut(DM_TRY(at.text(place.document, span)), most);
  place.span.end = span.start + out.text.size();
  out.places.push_back(std::move(place));
  return out;
}

Result<std::vector<NumberedPassage>> hits_of(const json::value& whole, std::size_t most, library::Snapshot& at) {
  std::vector<NumberedPassage> out;
  for (const json::value& hit : json_list(json_member(whole, "hits"))) {
    if (out.size() == most) break;
    NumberedPassage passage = DM_TRY(stored(text_at(hit, "document_id"), span_at(hit), kMostPassage, at));
    passage.heading = text_at(hit, "heading");
    if (const std::uint64_t page = count_at(hit, "page"); page != 0) passage.page = static_cast<std::uint32_t>(page);
    out.push_back(std::move(passage));
  }
  return out;
}

Result<ToolShown> shown_search(const json::value& found, library::Snapshot& at) {
  ToolShown out{.note = {}, .passages = DM_TRY(hits_of(found, kMostPassages, at))};
  out.note = out.passages.empty() ? "Nothing was found." : "The nearest passages:";
  return out;
}

Result<ToolShown> shown_compare(const json::value& found, library::Snapshot& at) {
  ToolShown out{.note = "The nearest passages of each document:", .passages = {}};
  const json::array& sides = json_list(json_member(found, "sides"));
  const std::size_t each = std::max<std::size_t>(1, kMostPassages / std::max<std::size_t>(1, sides.size()));
  for (const json::value& side : sides) {
    for (NumberedPassage& one : DM_TRY(hits_of(side, each, at))) out.passages.push_back(std::move(one));
  }
  return out;
}

// The sentences that a place lies in.
Result<doc::Span> around(std::int64_t document, doc::Span span, library::Snapshot& at, NumberedPassage& passage) {
  const std::vector<library::Unit> units = DM_TRY(at.units_in(document, span));
  if (units.empty()) return span;
  if (units.front().page != library::kNone) passage.page = units.front().page + 1;
  if (const auto section = DM_TRY(at.section(document, units.front().section))) passage.heading = section->path;
  return doc::Span{units.front().span.start, units.back().span.end};
}

Result<ToolShown> shown_places(const json::value& found, library::Snapshot& at) {
  ToolShown out;
  out.note = fmt::format("It stands at {} places in {} documents{}", count_at(found, "total"),
                         count_at(found, "documents_holding"),
                         json_flag(json_member(found, "complete")) ? "." : "; not all could be read.");
  for (const json::value& one : json_list(json_member(found, "places"))) {
    if (out.passages.size() == kMostPassages) break;
    NumberedPassage passage;
    const Place place = DM_TRY(place_in(text_at(one, "document_id"), span_at(one), at));
    const doc::Span span = DM_TRY(around(place.document, place.span, at, passage));
    NumberedPassage whole = DM_TRY(stored(place.document_id, span, kMostPassage, at));
    whole.page = passage.page;
    whole.heading = passage.heading;
    out.passages.push_back(std::move(whole));
  }
  return out;
}

Result<ToolShown> shown_page(const json::value& found, library::Snapshot& at) {
  NumberedPassage page = DM_TRY(stored(text_at(found, "document_id"), span_at(found), kMostPage, at));
  const library::Document document = DM_TRY(at.document(page.places.front().document));
  if (document.page_count != 0) page.page = static_cast<std::uint32_t>(count_at(found, "page"));
  return ToolShown{.note = fmt::format("Page {} of {}{}", count_at(found, "page"), count_at(found, "pages"),
                                       page.text.size() < span_at(found).size() ? ", its beginning:" : ":"),
                   .passages = {std::move(page)}};
}

// ---- rows ----

std::string joined(const json::array& cells) {
  std::string out;
  for (const json::value& cell : cells) {
    out += (out.empty() ? "" : " | ") + cut(std::string(json_text(cell)), kMostCell);
  }
  return out;
}

// In one sentence, so that a number stands beside the words of its rows.
std::string words_of(const json::value& set, std::string_view counted) {
  std::string out = fmt::format("{}: {}", text_at(set, "name"), counted);
  if (const std::string columns = joined(json_list(json_member(set, "columns"))); !columns.empty()) {
    out += " (" + columns + ")";
  }
  out += ":";
  std::size_t rows = 0;
  for (const json::value& row : json_list(json_member(set, "rows"))) {
    if (rows++ == kMostRows) break;
    out += (rows == 1 ? " " : "; ") + joined(json_list(json_member(row, "cells")));
  }
  return out;
}

Result<NumberedPassage> rows_passage(const json::value& set, std::string_view counted, library::Snapshot& at) {
  NumberedPassage out{.document = text_at(set, "document"), .heading = {}, .wording = Wording::kOurs};
  for (const json::value& row : json_list(json_member(set, "rows"))) {
    if (out.places.size() == kMostPlaces) break;
    out.places.push_back(DM_TRY(place_in(text_at(set, "document_id"), span_at(row), at)));
  }
  out.text = cut(words_of(set, counted), kMostPassage);
  return out;
}

std::string coverage(const json::value& found) {
  return json_flag(json_member(found, "complete")) ? "" : " Not everything could be read.";
}

Result<ToolShown> shown_rows(const json::value& found, library::Snapshot& at) {
  ToolShown out;
  for (const json::value& set : json_list(json_member(found, "sets"))) {
    if (json_list(json_member(set, "rows")).empty() || out.passages.size() == kMostPassages) continue;
    const std::string counted = fmt::format("{} of {} rows", count_at(set, "matching"), count_at(set, "read"));
    out.passages.push_back(DM_TRY(rows_passage(set, counted, at)));
  }
  const std::size_t sets = json_list(json_member(found, "sets")).size();
  out.note = sets == 0              ? "No table or list has such a name and columns."
             : out.passages.empty() ? "Of what has that name no row meets the conditions."
                                    : "The rows:";
  out.note += coverage(found);
  return out;
}

// A count of rows has the rows it counted beside it.
Result<ToolShown> shown_count(const json::value& found, const json::value& rows, bool different,
                              library::Snapshot& at) {
  ToolShown out;
  for (const json::value& set : json_list(json_member(rows, "sets"))) {
    if (json_list(json_member(set, "rows")).empty() || out.passages.size() == kMostPassages) continue;
    const auto same = [&](const json::value& one) {
      return text_at(one, "document_id") == text_at(set, "document_id") && text_at(one, "name") == text_at(set, "name");
    };
    const json::array& counts = json_list(json_member(found, "sets"));
    const auto counted = std::ranges::find_if(counts, same);
    if (counted == counts.end()) continue;
    const std::string words =
        different
            ? fmt::format("{} different values in {} rows", count_at(*counted, "count"), count_at(set, "matching"))
            : fmt::format("{} of {} rows", count_at(*counted, "count"), count_at(*counted, "read"));
    out.passages.push_back(DM_TRY(rows_passage(set, words, at)));
  }
  out.note = fmt::format("Counted: {}.{}", count_at(found, "count"), coverage(found));
  return out;
}

// The same question to table_query.
std::string rows_wanted(const json::value& arguments) {
  json::object out{{"limit", kMostRows}};
  for (const char* key : {"name", "where", "documents"}) {
    if (const json::value& value = json_member(arguments, key); !value.is_null()) out[key] = value;
  }
  return to_text(out);
}

// ---- arithmetic ----

struct Operand {
  Exact value;
  char before = 0;  // The last sign before it that is no blank.
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::vector<Operand> numbers_in(std::string_view text, DecimalMark mark) {
  std::vector<Operand> out;
  char before = 0;
  for (std::size_t i = 0; i < text.size();) {
    const bool inside = i > 0 && (is_letter(text[i - 1]) || is_digit(text[i - 1]));
    std::size_t end = i;
    if (is_digit(text[i]) && !inside) {
      const auto value = read_number(text, end, mark);
      if (value && end > i) {
        out.push_back({.value = *value, .before = before});
        before = '0';
        i = end;
        continue;
      }
    }
    if (text[i] != ' ') before = text[i];
    ++i;
  }
  return out;
}

bool has(std::string_view text, const Exact& value) {
  return std::ranges::any_of(std::array{DecimalMark::kPoint, DecimalMark::kComma}, [&](DecimalMark mark) {
    return std::ranges::any_of(numbers_in(text, mark), [&](const Operand& one) { return one.value == value; });
  });
}

bool is_factor(const Operand& operand) {
  constexpr auto kFactors = std::to_array<std::int64_t>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 24, 60, 100, 365, 1000});
  if (operand.before != '*' && operand.before != '/') return false;
  return std::ranges::any_of(kFactors, [&](std::int64_t one) { return Exact(one) == operand.value; });
}

// The line of a passage that a number stands in, as a part of a sentence.
std::string line_with(const NumberedPassage& passage, const Exact& value) {
  std::string_view rest = passage.text;
  while (!rest.empty()) {
    const std::size_t sentence = rest.find(". ");
    const std::size_t end =
        std::min({rest.find('\n'), sentence == std::string_view::npos ? sentence : sentence + 1, rest.size()});
    const std::string_view line = rest.substr(0, end);
    if (has(line, value)) return cut(std::string(line.substr(0, line.find_last_not_of(" .") + 1)), kMostPassage / 4);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return cut(passage.text, kMostPassage / 4);
}

Result<ToolShown> shown_result(const json::value& found, std::string_view expression,
                               std::span<const NumberedPassage> from) {
  const std::vector<Operand> operands = numbers_in(expression, DecimalMark::kPoint);
  NumberedPassage out{.text = text_at(found, "value"), .wording = Wording::kOurs};
  out.text += json_flag(json_member(found, "exact")) ? " is computed from" : " (rounded) is computed from";
  std::size_t known = 0;
  for (const Operand& operand : operands) {
    const auto in =
        std::ranges::find_if(from, [&](const NumberedPassage& one) { return has(one.text, operand.value); });
    if (in == from.end()) {
      if (is_factor(operand)) continue;
      return Error{Code::kInvalidArgument,
                   fmt::format("{} stands in no passage that was shown: compute with the documents' numbers, and find "
                               "their passages first.",
                               operand.value.text()),
                   ""};
    }
    ++known;
    if (out.document.empty()) out.document = in->document;
    out.text += (known == 1 ? ": " : "; ") + line_with(*in, operand.value);
    if (!in->places.empty() && out.places.size() < kMostPlaces) out.places.push_back(in->places.front());
  }
  if (known == 0 || operands.size() < 2) {
    return Error{Code::kInvalidArgument, "there is nothing to compute: give an expression with at least two numbers",
                 ""};
  }
  return ToolShown{.note = "Computed exactly:", .passages = {std::move(out)}};
}

// ---- the question's filter ----

bool is_empty(const retrieval::Filter& filter) {
  return filter.documents.empty() && filter.types.empty() && !filter.modified_from && !filter.modified_to;
}

// The documents of the filter, where the tool takes some and the model names none.
std::string within(const ToolUse& wanted, const retrieval::Filter& filter) {
  std::string out(wanted.arguments);
  const Result<json::value> arguments = parse_json(wanted.arguments);
  const bool takes =
      wanted.tool == "search" || wanted.tool == "exact_find" || wanted.tool == "table_query" || wanted.tool == "count";
  if (!takes || filter.documents.empty() || !arguments || !arguments->is_object()) return out;
  json::object bounded = arguments->get_object();
  if (json_list(json_member(bounded, "documents")).empty()) bounded["documents"] = json::value_from(filter.documents);
  return to_text(bounded);
}

Result<> leave_out(const retrieval::Filter& filter, library::Snapshot& at, ToolShown& shown) {
  if (is_empty(filter) || shown.passages.empty()) return {};
  const std::vector<std::int64_t> keys = DM_TRY(at.matching(to_library(filter)));
  std::erase_if(shown.passages, [&](const NumberedPassage& one) {
    return std::ranges::any_of(one.places,
                               [&](const Place& place) { return !std::ranges::binary_search(keys, place.document); });
  });
  if (shown.passages.empty()) shown.note = "Nothing was found in the documents that the question is about.";
  return {};
}

Result<ToolShown> shown_of(const ToolUse& wanted, const json::value& found, const json::value& rows,
                           library::Snapshot& at) {
  if (wanted.tool == "search") return shown_search(found, at);
  if (wanted.tool == "compare") return shown_compare(found, at);
  if (wanted.tool == "exact_find") return shown_places(found, at);
  if (wanted.tool == "read_page") return shown_page(found, at);
  if (wanted.tool == "table_query") return shown_rows(found, at);
  const json::value arguments = DM_TRY(parse_json(wanted.arguments));
  return shown_count(found, rows, !text_at(arguments, "different").empty(), at);
}

}  // namespace

Result<ToolShown> use(const ToolUse& wanted, const retrieval::Filter& filter, const Toolbox& toolbox,
                      library::Library& library, Deadline deadline, std::stop_token stop) {
  const std::string arguments = within(wanted, filter);
  const json::value found = DM_TRY(parse_json(DM_TRY(toolbox.call(wanted.tool, arguments, deadline, stop))));
  const json::value asked = DM_TRY(parse_json(arguments));
  if (wanted.tool == "arithmetic") return shown_result(found, text_at(asked, "expression"), wanted.passages);
  json::value rows;
  if (wanted.tool == "count") {
    rows = DM_TRY(parse_json(DM_TRY(toolbox.call("table_query", rows_wanted(asked), deadline, stop))));
  }
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  ToolShown out = DM_TRY(shown_of(wanted, found, rows, at));
  DM_TRY(leave_out(filter, at, out));
  return out;
}

}  // namespace docmind::agents
