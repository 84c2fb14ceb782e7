// The passages that a supervised answer may cite: those that retrieval brought, then every one that a tool has shown,
// numbered in the order they came. A passage that is shown again keeps its number.
//
// Thread safety: any method from any thread. Bounded: past `most` no passage of a tool gets a number.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/retrieval_expert.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "doc/document.h"
#include "library/library.h"

namespace docmind::agents {

// Where in the library a passage stands.
struct Place {
  std::int64_t document = 0;  // Key.
  std::string document_id{};
  std::string version{};  // Of the document, when it was read.
  doc::Span span{};
};

enum class Wording : std::uint8_t {
  kStored,  // The text is the stored bytes of its only place.
  kOurs,    // A tool wrote it from its places: rows of a table, what was counted or computed.
};

struct NumberedPassage {
  std::uint32_t number = 0;  // From 1; 0: none yet.
  std::string document{};    // Path.
  std::optional<std::uint32_t> page{};
  std::string heading{};
  std::string text{};
  std::vector<Place> places{};
  Wording wording = Wording::kStored;
};

// "[9] boats.txt, page 2", and the text behind it in a line of its own, as a model is shown it.
std::string title_of(const NumberedPassage& passage);
std::string shown(const NumberedPassage& passage);

class NumberedPassages {
 public:
  NumberedPassages(std::vector<NumberedPassage> first, std::size_t most);

  // With its number; nothing when there are so many already.
  std::optional<NumberedPassage> add(NumberedPassage passage) DM_EXCLUDES(mutex_);
  // As it was recorded, under the number that it has.
  void put(NumberedPassage passage) DM_EXCLUDES(mutex_);
  // Of both kinds, by number; a number that nothing has got has an empty passage.
  std::vector<NumberedPassage> all() const DM_EXCLUDES(mutex_);

 private:
  const std::size_t most_;  // First ones and others together.
  mutable Mutex mutex_;
  std::vector<NumberedPassage> items_ DM_GUARDED_BY(mutex_);
};

// Errors: kNotFound, those of the library.
Result<Place> place_in(std::string_view document_id, doc::Span span, library::Snapshot& at);

// The units in the passages' places with all that a citation needs. Errors: those of the library.
Result<Evidence> units_of(const std::vector<NumberedPassage>& passages, library::Snapshot& at);

}  // namespace docmind::agents
