// From a sentence that a chat model wrote to a claim: which units of the passages that it names it is quoted from.
// Pure but for `quoted`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/cited_sentences.h"
#include "agents/question_graph.h"

namespace docmind::agents {

// How many of the terms (text/terms.h) stand in the text.
std::size_t terms_shared(std::string_view text, const std::vector<std::string>& terms);

// The units of the passage, counted from 0, that a sentence with these terms is quoted from; none when none fits.
using QuotedUnits =
    std::function<std::vector<std::int64_t>(std::size_t passage, const std::vector<std::string>& terms)>;

// `passages`: how many were shown. A mark that names none of them stays for the validator to reject.
DraftClaim claim_of(const CitedSentence& sentence, std::size_t passages, const std::vector<Evidence>& evidence,
                    const QuotedUnits& quoted);

}  // namespace docmind::agents
