#include "agents/kept_answer.h"

#include <boost/json.hpp>
#include <optional>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kVersion = 1;

json::value page_json(const std::optional<std::uint32_t>& page) { return page ? json::value(*page) : json::value(); }

json::object citation_json(const Citation& citation) {
  return {{"document", citation.document},
          {"document_id", citation.document_id},
          {"version", citation.version},
          {"page", page_json(citation.page)},
          {"page_end", page_json(citation.page_end)},
          {"page_label", citation.page_label},
          {"locator", citation.locator},
          {"start", citation.span.start},
          {"end", citation.span.end},
          {"quote", citation.quote},
          {"before", citation.before},
          {"after", citation.after}};
}

std::string text_at(const json::value& from, std::string_view key) {
  return std::string(json_text(json_member(from, key)));
}

std::optional<std::uint32_t> page_at(const json::value& from, std::string_view key) {
  const json::value& page = json_member(from, key);
  return page.is_null() ? std::nullopt : std::optional(json_small(page));
}

Citation citation_of(const json::value& from) {
  Citation out;
  out.document = text_at(from, "document");
  out.document_id = text_at(from, "document_id");
  out.version = text_at(from, "version");
  out.page = page_at(from, "page");
  out.page_end = page_at(from, "page_end");
  out.page_label = text_at(from, "page_label");
  out.locator = text_at(from, "locator");
  out.span = {json_count(json_member(from, "start")), json_count(json_member(from, "end"))};
  out.quote = text_at(from, "quote");
  out.before = text_at(from, "before");
  out.after = text_at(from, "after");
  return out;
}

}  // namespace

std::string keep_answer(const Answer& answer) {
  json::array claims;
  for (const Claim& claim : answer.claims) {
    json::array citations;
    for (const Citation& citation : claim.citations) citations.push_back(citation_json(citation));
    claims.push_back(json::object{{"text", claim.text}, {"citations", std::move(citations)}});
  }
  return to_text(json::object{{"answer_version", kVersion},
                              {"text", answer.text},
                              {"generated", answer.generated},
                              {"query_used", answer.query_used},
                              {"route", answer.route},
                              {"read", answer.units_read},
                              {"total", answer.units_total},
                              {"unit", answer.unit},
                              {"parts", answer.parts},
                              {"model", answer.model},
                              {"claims", std::move(claims)}});
}

Result<Answer> read_kept_answer(std::string_view kept) {
  const Result<json::value> parsed = parse_json(kept);
  if (!parsed || json_count(json_member(*parsed, "answer_version")) != kVersion) {
    return Error{Code::kDataLoss, "A kept answer is damaged or of another version.", "It is made anew."};
  }
  Answer out;
  out.status = AnswerStatus::kAnswered;
  out.text = text_at(*parsed, "text");
  out.generated = json_flag(json_member(*parsed, "generated"));
  out.query_used = text_at(*parsed, "query_used");
  out.route = text_at(*parsed, "route");
  out.units_read = json_count(json_member(*parsed, "read"));
  out.units_total = json_count(json_member(*parsed, "total"));
  out.unit = text_at(*parsed, "unit");
  out.parts = json_small(json_member(*parsed, "parts"));
  out.model = text_at(*parsed, "model");
  for (const json::value& claim : json_list(json_member(*parsed, "claims"))) {
    Claim& to = out.claims.emplace_back();
    to.text = text_at(claim, "text");
    for (const json::value& citation : json_list(json_member(claim, "citations"))) {
      to.citations.push_back(citation_of(citation));
    }
  }
  return out;
}

}  // namespace docmind::agents
