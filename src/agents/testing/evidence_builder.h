// Builds evidence by hand for tests: documents of sentences with chosen cosines, without a library.
//
// Units get consecutive ids and offsets as if the sentences of a block stood one blank apart and blocks two bytes.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agents/retrieval_expert.h"

namespace docmind::agents {

class EvidenceBuilder {
 public:
  EvidenceBuilder(std::string question, std::vector<std::pair<std::string, double>> terms) {
    evidence_.part = {question, question};
    for (auto& [text, idf] : terms) evidence_.found.terms.push_back({std::move(text), idf});
  }

  EvidenceBuilder& document(std::int64_t key) {
    document_ = key;
    evidence_.found.documents.emplace(key, "document-" + std::to_string(key));
    at_ = 0;
    next_ = key * 1000;
    block_ = 0;
    return *this;
  }
  EvidenceBuilder& block() {
    ++block_;
    at_ += 1;
    lead_in_ = 0;
    return *this;
  }
  EvidenceBuilder& page(std::uint32_t index) {
    page_ = index;
    return *this;
  }
  EvidenceBuilder& section(std::uint32_t index, const std::string& path, float cosine = 0) {
    section_ = index;
    retrieval::SectionInPlace place;
    place.section.document = document_;
    place.section.index = index;
    place.section.path = path;
    place.terms = terms_of(path);
    place.cosine = cosine;
    evidence_.found.sections.emplace(std::pair(document_, index), std::move(place));
    return *this;
  }
  EvidenceBuilder& kind(library::UnitKind kind) {
    kind_ = kind;
    return *this;
  }
  EvidenceBuilder& lead_in(std::int64_t unit) {
    lead_in_ = unit;
    return *this;
  }

  // A unit around a candidate. Gives its id.
  std::int64_t context(const std::string& text) {
    library::Unit unit;
    unit.id = next_++;
    unit.document = document_;
    unit.span = {at_, at_ + text.size()};
    unit.kind = kind_;
    unit.block = block_;
    unit.page = page_;
    unit.section = section_;
    unit.lead_in = lead_in_;
    unit.text = text;
    at_ += text.size() + 1;
    const std::int64_t id = unit.id;
    evidence_.found.units.emplace(id, retrieval::UnitInPlace{std::move(unit), terms_of(text)});
    ++evidence_.found.units_total;
    return id;
  }

  std::int64_t candidate(const std::string& text, float cosine) {
    const std::int64_t id = context(text);
    retrieval::Candidate candidate;
    candidate.unit = id;
    candidate.cosine = cosine;
    const auto section = evidence_.found.sections.find({document_, section_});
    if (section != evidence_.found.sections.end()) candidate.heading_cosine = section->second.cosine;
    evidence_.found.candidates.push_back(candidate);
    return id;
  }

  Evidence build() const { return evidence_; }
  Evidence& evidence() { return evidence_; }

 private:
  // A term is held when it occurs as it is: tests use terms that are their own stems.
  retrieval::TermSet terms_of(const std::string& text) const {
    retrieval::TermSet held;
    for (std::size_t i = 0; i < evidence_.found.terms.size(); ++i) {
      if (text.find(evidence_.found.terms[i].text) != std::string::npos) held.set(i);
    }
    return held;
  }

  Evidence evidence_;
  std::int64_t document_ = 1;
  std::int64_t next_ = 1000;
  std::uint64_t at_ = 0;
  std::uint32_t block_ = 0;
  std::uint32_t page_ = 0;
  std::uint32_t section_ = library::kNone;
  std::int64_t lead_in_ = 0;
  library::UnitKind kind_ = library::UnitKind::kSentence;
};

}  // namespace docmind::agents
