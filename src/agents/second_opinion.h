// response_validator with a chat model (ask.validator: model): a second opinion on what another model wrote. The rules
// (support.h) come first, and the hard faults they find stand: a number, name, quote, page, negation or citation that
// is wrong no model can vouch for. Of the rest it is asked, sentence by sentence with the passages each cites: it may
// vouch for a sentence that has only too few words of its passages, and doubt one that the rules let through.
//
// The prompt is src/agents/prompts/response_validator.v1.inc; a changed prompt is a new version. Thread safety: any, if
// the model's is.
#pragma once
#include <cstddef>
#include <cstdint>
#include <stop_token>

#include "agents/response_validator.h"
#include "agents/result_synthesizer.h"
#include "base/deadline.h"
#include "base/result.h"
#include "exec/pool.h"
#include "llm/chat_model.h"

namespace docmind::agents {

inline constexpr std::size_t kMostOpinions = 32;  // Sentences of one answer that it is asked about.

struct OpinionSeams {
  llm::ChatModel& model;
  exec::Pool& pool;
  std::uint32_t parallel = 3;  // Sentences at the same time.
};

// Of validate(draft) in `validated`: changes Claim::supported and Claim::doubt, and says in Validated::model how it
// went. A sentence on which the model fails keeps the rules' verdict. Errors: kCancelled alone, and where the model
// cannot say what it can do, that.
Result<> add_second_opinion(const Draft& draft, const OpinionSeams& seams, Validated& validated, Deadline deadline,
                            std::stop_token stop);

}  // namespace docmind::agents
