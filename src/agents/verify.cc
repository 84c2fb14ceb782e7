#include "agents/verify.h"

namespace docmind::agents {

std::string_view name(CitationState state) {
  switch (state) {
    case CitationState::kCurrent:
      return "current";
    case CitationState::kChanged:
      return "changed";
    case CitationState::kDeleted:
      return "deleted";
    case CitationState::kForged:
      return "forged";
  }
  return "forged";
}

Result<std::vector<CitationState>> verify(std::span<const Citation> citations, library::Snapshot& at) {
  std::vector<CitationState> states;
  for (const Citation& citation : citations) {
    // An empty quote stands everywhere, so it proves nothing.
    if (citation.quote.empty() || citation.span.size() != citation.quote.size()) {
      auto known = at.find(citation.document_id);
      if (!known && known.error().code != Code::kNotFound) return std::move(known).error();
      states.push_back(known ? CitationState::kForged : CitationState::kDeleted);
      continue;
    }
    const auto stored = at.text_of_version(citation.document_id, citation.version, citation.span);
    if (stored) {
      states.push_back(*stored == citation.quote ? CitationState::kCurrent : CitationState::kForged);
    } else if (stored.error().code == Code::kNotFound) {
      states.push_back(CitationState::kDeleted);
    } else if (stored.error().code == Code::kConflict) {
      states.push_back(CitationState::kChanged);
    } else if (stored.error().code == Code::kInvalidArgument) {
      states.push_back(CitationState::kForged);
    } else {
      return stored.error();
    }
  }
  return states;
}

}  // namespace docmind::agents
