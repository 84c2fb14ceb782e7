// A chat model asked for a small JSON text. What it writes is hostile: held to the schema here, whatever held it to it
// while it wrote, and bounded. Thread safety: any, if the model's is.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "grammar/grammar.h"
#include "llm/chat_model.h"

namespace docmind::agents {

struct ReplyForm {
  std::string schema;
  std::shared_ptr<const grammar::Grammar> grammar;  // Of the schema.
  std::size_t most_bytes = 4096;                    // Of a reply.
};

// kInternal when the schema does not compile.
Result<ReplyForm> reply_form(std::string schema, std::size_t most_bytes);

// The reply to `request`, which has no schema of its own; its usage is added to `usage` though it is refused.
// Errors: kDataLoss (it is not of that form, too long, cut), those of the model.
Result<boost::json::value> structured_reply(llm::ChatModel& model, llm::ChatRequest request, const ReplyForm& form,
                                            const llm::Capabilities& can, llm::ChatUsage& usage, Deadline deadline,
                                            std::stop_token stop);

}  // namespace docmind::agents
