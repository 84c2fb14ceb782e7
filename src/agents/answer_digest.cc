#include "agents/answer_digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace docmind::agents {
namespace {

std::string page_text(const std::optional<std::uint32_t>& page) { return page ? fmt::format("{}", *page) : "-"; }

void add(const Citation& citation, Hasher& hasher) {
  hasher.field(citation.document).field(citation.document_id).field(citation.version);
  hasher.field(fmt::format("{} {} {} {}", page_text(citation.page), page_text(citation.page_end), citation.span.start,
                           citation.span.end));
  hasher.field(citation.page_label).field(citation.locator).field(citation.quote);
  hasher.field(citation.before).field(citation.after).field(citation.state);
}

ContentHash hash_of(const Claim& claim) {
  Hasher hasher;
  hasher.field(claim.text).field(claim.supported ? "1" : "0").field(claim.doubt).field(claim.origin);
  for (const Citation& citation : claim.citations) add(citation, hasher);
  return hasher.finish();
}

ContentHash hash_of(const std::vector<retrieval::Hit>& nearest) {
  Hasher hasher;
  for (const retrieval::Hit& hit : nearest) {
    hasher.field(hit.document).field(hit.document_id).field(hit.heading).field(hit.text);
    hasher.field(
        fmt::format("{} {} {} {} {}", hit.chunk_id, page_text(hit.page), hit.span.start, hit.span.end, hit.score));
  }
  return hasher.finish();
}

ContentHash told_with(const Answer& answer) {
  Hasher hasher;
  hasher.field(answer.query_used).field(answer.route).field(answer.model).field(answer.generated ? "1" : "0");
  hasher.field(fmt::format("{} {} {}", answer.units_read, answer.units_total, answer.unit));
  hasher.field(answer.partial_reason);
  for (const auto& list : {answer.fallbacks, answer.dropped}) {
    hasher.field(fmt::format("{}", list.size()));
    for (const std::string& one : list) hasher.field(one);
  }
  return hasher.finish();
}

}  // namespace

AnswerDigest digest_of(const Answer& answer) {
  AnswerDigest out{.status = answer.status, .text = content_hash(answer.text)};
  for (const Claim& claim : answer.claims) out.claims.push_back(hash_of(claim));
  out.nearest = hash_of(answer.nearest);
  out.told = told_with(answer);
  return out;
}

std::vector<std::string> differences(const AnswerDigest& then, const Answer& now) {
  const AnswerDigest is = digest_of(now);
  std::vector<std::string> out;
  if (is.status != then.status) {
    out.push_back(fmt::format("It was {} and is now {}.", name(then.status), name(is.status)));
  }
  if (is.text != then.text) out.emplace_back("The text of the answer is another.");
  if (is.claims.size() != then.claims.size()) {
    out.push_back(fmt::format("It had {} claims and has now {}.", then.claims.size(), is.claims.size()));
  }
  for (std::size_t i = 0; i < std::min(is.claims.size(), then.claims.size()); ++i) {
    if (is.claims[i] == then.claims[i]) continue;
    out.push_back(fmt::format("Claim {} or what it cites is another; it is now: {}", i + 1, now.claims[i].text));
  }
  if (is.nearest != then.nearest) out.emplace_back("The nearest passages are others.");
  if (is.told != then.told) {
    out.emplace_back("What is told beside the claims is another: route, coverage, fallbacks, or what was dropped.");
  }
  return out;
}

}  // namespace docmind::agents
