// What an answer says, as hashes: two answers with equal digests are the same, byte for byte, and of two that are not
// it can be said what differs. Holds no word of a document.
#pragma once
#include <string>
#include <vector>

#include "agents/answer.h"
#include "base/hash.h"

namespace docmind::agents {

struct AnswerDigest {
  AnswerStatus status = AnswerStatus::kAbstained;
  ContentHash text{};
  std::vector<ContentHash> claims{};  // Each with its citations.
  ContentHash nearest{};              // The passages that an abstention shows.
  ContentHash told{};                 // Route, coverage, what was dropped, why it is partial.
  bool operator==(const AnswerDigest&) const = default;
};

AnswerDigest digest_of(const Answer& answer);

// A sentence for each thing that `now`, whose digest is not `then`, has different.
std::vector<std::string> differences(const AnswerDigest& then, const Answer& now);

}  // namespace docmind::agents
