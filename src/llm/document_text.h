// How documents and passages stand in a conversation: the one text for every backend.
//
// Documents, which several requests share, stand at the head of the first message of a user; passages at the head of
// the last one, before the question. Pure functions.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/chat_model.h"

namespace docmind::llm {

// "<documents>", one "<document index title>" each, and an empty line; nothing for none. `kind`: "document", "passage".
std::string documents_text(std::string_view kind, std::span<const ChatDocument> documents);

// The request with its documents and passages written into its messages, for a backend that takes messages alone.
// What came from outside (documents, passages, what tools said) loses what chat templates know as their own marks:
// such a backend reads "<|im_end|>" in a text as the end of the message. kInvalidArgument when no user speaks.
Result<ChatRequest> with_documents_written(ChatRequest request);

// The text with a word joiner in every mark of a chat template ("<|", "[INST]", "<start_of_turn>"), which then is none.
std::string without_marks(std::string_view text);

}  // namespace docmind::llm
