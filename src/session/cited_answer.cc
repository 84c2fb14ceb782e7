#include "session/cited_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

#include "base/json_members.h"
#include "session/parts.h"

namespace docmind::session {
namespace {

namespace json = boost::json;

bool is_general(const json::value& claim) { return json_text(json_member(claim, "origin")) == "general"; }

bool is_unsupported(const json::value& claim) {
  const json::value& supported = json_member(claim, "supported");
  return supported.is_bool() && !supported.get_bool();
}

// "page 14 (printed “6”)", "pages 14–15", a heading, or nothing.
std::string within(const json::value& citation) {
  const std::uint64_t page = json_count(json_member(citation, "page"));
  if (page == 0) return std::string(json_text(json_member(citation, "locator")));
  const std::uint64_t last = json_count(json_member(citation, "page_end"));
  const std::string_view label = json_text(json_member(citation, "page_label"));
  std::string out = last > page ? fmt::format("pages {}–{}", page, last) : fmt::format("page {}", page);
  if (!label.empty() && label != std::to_string(page)) out += fmt::format(" (printed “{}”)", label);
  return out;
}

Source source_of(const json::value& citation) {
  Source source{.place = std::string(json_text(json_member(citation, "document"))),
                .quote = json_text(json_member(citation, "quote"))};
  if (const std::string there = within(citation); !there.empty()) source.place += ", " + there;
  return source;
}

class Numbers {
 public:
  std::size_t of(const json::value& citation, std::vector<Source>& sources) {
    const auto [place, is_new] = numbers_.try_emplace(
        {json_text(json_member(citation, "document_id")), json_text(json_member(citation, "version")),
         json_count(json_member(citation, "start")), json_count(json_member(citation, "end"))},
        sources.size() + 1);
    if (is_new) sources.push_back(source_of(citation));
    return place->second;
  }

 private:
  std::map<std::tuple<std::string_view, std::string_view, std::uint64_t, std::uint64_t>, std::size_t> numbers_;
};

void add(std::span<const json::value> claims, Numbers& numbers, CitedAnswer& out) {
  for (const json::value& claim : claims) {
    CitedSentence& one = out.sentences.emplace_back();
    one.text = json_text(json_member(claim, "text"));
    one.unsupported = is_unsupported(claim);
    for (const json::value& citation : json_list(json_member(claim, "citations"))) {
      const std::size_t number = numbers.of(citation, out.sources);
      if (std::ranges::find(one.sources, number) == one.sources.end()) one.sources.push_back(number);
    }
  }
}

void add(const Part& part, Numbers& numbers, CitedAnswer& out) {
  using enum CitedSentence::Kind;
  out.sentences.push_back({.text = std::string(json_text(json_member(*part.about, "document"))), .kind = kDocument});
  if (part.claims.empty()) out.sentences.push_back({.text = without_claims(part), .kind = kNote});
  add(part.claims, numbers, out);
}

// How many documents nobody asked; nothing where there are none.
void add_rest(const json::value& answer, std::size_t asked, CitedAnswer& out) {
  const std::uint64_t total = json_count(json_member(json_member(answer, "coverage"), "total"));
  if (total <= asked) return;
  out.sentences.push_back({.text = fmt::format("Further documents that were not asked: {}.", total - asked),
                           .kind = CitedSentence::Kind::kNote});
}

}  // namespace

CitedAnswer cited(const json::value& answer) {
  CitedAnswer out;
  const json::array& claims = json_list(json_member(answer, "claims"));
  const std::vector<Part> parts = parts_of(answer);
  if (claims.empty() && parts.empty()) {
    const std::string_view text = json_text(json_member(answer, "answer"));
    out.lead = text.empty() ? "The documents do not say." : text;
    return out;
  }
  if (std::ranges::any_of(claims, is_general)) {
    out.lead = "The documents do not say. Not from them, but what the chat model knows of itself:";
  } else {
    out.partial = json_text(json_member(answer, "partial_reason"));
  }
  Numbers numbers;
  for (const Part& part : parts) add(part, numbers, out);
  if (parts.empty()) add({claims.data(), claims.size()}, numbers, out);
  if (!parts.empty()) add_rest(answer, parts.size(), out);
  return out;
}

}  // namespace docmind::session
