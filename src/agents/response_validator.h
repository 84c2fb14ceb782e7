// response_validator: nothing leaves without standing in the library. Every quote is compared byte for byte with the
// stored text; a claim that fails goes into `dropped`, and so the answer may become an abstention.
//
// It trusts nothing it is handed. What a chat model wrote is also held against the passages it names (support.h): a
// sentence they do not bear stays, marked as unsupported.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/answer.h"
#include "agents/policy.h"
#include "agents/result_synthesizer.h"
#include "base/result.h"
#include "library/library.h"

namespace docmind::agents {

struct ValidationOptions {
  std::uint32_t context = 60;  // Bytes of `before` and `after`, at most, cut at a word.
};

struct Validated {
  std::vector<Claim> claims;
  std::vector<std::string> dropped;  // Quotes of claims that failed.
  std::optional<Decided> model{};    // Where a chat model was asked for a second opinion (second_opinion.h).
};

// Errors: those of the library. A claim that is wrong is no error.
Result<Validated> validate(const Draft& draft, library::Snapshot& at, const ValidationOptions& options);

// Whether any claim is borne out.
bool supports_any(const Validated& validated);

// Without a look at the library: every claim as it was drafted, with its place. What the agent is measured against.
Validated believe(const Draft& draft);

}  // namespace docmind::agents
