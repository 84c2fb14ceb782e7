#include "agents/set_search.h"

#include <set>

#include "library/lexical_index.h"
#include "text/terms.h"

namespace docmind::agents {
namespace {

Result<std::vector<std::int64_t>> documents_with(std::string_view words, const retrieval::Filter& filter,
                                                 library::Snapshot& at) {
  std::set<std::int64_t> holding;
  for (const std::string& term : text::query_terms(words)) {
    for (const std::int64_t key : DM_TRY(library::documents_holding(at, term))) holding.insert(key);
  }
  std::vector<std::int64_t> out;
  for (const std::int64_t key : DM_TRY(at.matching(to_library(filter)))) {
    if (holding.contains(key)) out.push_back(key);
  }
  return out;
}

}  // namespace

library::DocumentFilter to_library(const retrieval::Filter& filter) {
  return {filter.documents, filter.types, filter.modified_from, filter.modified_to};
}

Result<FoundSets> sets_about(std::string_view words, const std::function<bool(const Collection&)>& keep,
                             const retrieval::Filter& filter, library::Snapshot& at, const SetLimits& limits,
                             Deadline deadline, std::stop_token stop) {
  FoundSets out;
  const std::vector<std::int64_t> keys = DM_TRY(documents_with(words, filter, at));
  out.documents_total = keys.size();
  std::uint64_t bytes = 0;
  for (const std::int64_t key : keys) {
    if (stop.stop_requested()) return Error{Code::kCancelled, "The reading was stopped."};
    if (deadline.expired()) {
      out.cut = "The time ended";
      break;
    }
    const library::Document document = DM_TRY(at.document(key));
    bytes += document.text_bytes;
    if (out.documents_read == limits.documents || bytes > limits.text_bytes) {
      out.cut = "The limit of what one question reads was reached";
      break;
    }
    const std::string text = DM_TRY(at.text(key));
    const auto blocks = DM_TRY(at.blocks(key));
    const auto sections = DM_TRY(at.sections(key));
    for (Collection& one : collections_of({document, text, blocks, sections})) {
      if (keep(one)) out.sets.push_back(std::move(one));
    }
    ++out.documents_read;
  }
  return out;
}

}  // namespace docmind::agents
