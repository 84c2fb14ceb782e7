// Everything that two questions must have in common before an answer to one may be given to the other. A value.
//
// A scope is compared by its hash, and answers are looked for inside one scope only, by either layer: what another
// user or another model asked is not even looked at, so neither an answer nor the time it takes tells of it.
#pragma once
#include <string>
#include <string_view>

#include "base/hash.h"

namespace docmind::cache {

struct Scope {
  std::string tenant{};
  std::string user{};
  std::string corpus{};      // Which library: library::Library::identity().
  std::string filter{};      // Of documents, in one spelling.
  std::string model{};       // That writes, with its file's hash and who runs it; empty: the documents' own words.
  std::string prompts{};     // Version of everything that words a prompt or picks a sentence.
  std::string parameters{};  // Of search and answer.
  std::string language{};    // That an answer was asked for in; empty: none.
  std::string embedder{};    // Hash of the model whose space questions are compared in.
  std::string schema{};      // Of the answer.
  std::string query_type{};  // What kind of question it is: "ask".
};

ContentHash hash_of(const Scope& scope);

// Where an answer is kept: 64 hexadecimal digits. The question goes in with its length before it, so that no wording
// of one can spell another's scope.
std::string key_of(const ContentHash& scope, std::string_view normalised_question);

}  // namespace docmind::cache
