#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "driver.h"
#include "engine/chat_request.h"
#include "engine/chat_template.h"
#include "engine/embeddings_request.h"
#include "engine/rerank_request.h"
#include "engine/text_stream.h"
#include "engine/tool_calls.h"

namespace docmind::fuzz {

namespace {

const std::vector<std::string> kSpecial{"<|im_start|>", "<|im_end|>", "<tool_call>"};

}  // namespace

// What is taken can be rendered, or is refused with a sentence.
void fuzz_chat(std::string_view bytes) {
  const auto request = engine::parse_chat_request(bytes);
  (void)engine::parse_completion_request(bytes);
  if (!request) return;
  DM_CHECK(request->fields.answers >= 1 && request->fields.answers <= engine::RequestLimits::kAnswers);
  static const auto chat_ml = engine::ChatTemplate::open("", {.begin = {}, .end = {}, .special = kSpecial});
  DM_CHECK(static_cast<bool>(chat_ml));
  const auto parts =
      chat_ml->render({.messages = request->messages, .tools = &request->tools, .extra = &request->extra});
  DM_CHECK(static_cast<bool>(parts));
  for (const engine::PromptPart& part : *parts) DM_CHECK(is_utf8(part.text));
}

// What is taken is bounded, and comes back in an order that is one.
void fuzz_rerank(std::string_view bytes) {
  const auto request = engine::parse_rerank_request(bytes);
  if (!request) return;
  DM_CHECK(!request->query.empty() && request->documents.size() <= engine::kMaxInputs);
  DM_CHECK(request->top_n >= 1 && request->top_n <= request->documents.size());
  const engine::RerankScores scores{.scores = std::vector<float>(request->documents.size(), 0.5F)};
  DM_CHECK(is_utf8(engine::rerank_body(*request, "m", scores)));
}

// Any template ends, and text of the request stays text: no special token in it that the template does not write.
void fuzz_template(std::string_view bytes) {
  const std::size_t border = std::min(bytes.find("\n---\n"), bytes.size());
  const std::string_view source = bytes.substr(0, border);
  const auto made = engine::ChatTemplate::open(source, {.begin = "<s>", .end = "</s>", .special = kSpecial});
  if (!made) return;
  std::uint64_t replaced = 0;
  const std::string content = to_utf8(bytes.substr(std::min(border + 5, bytes.size())), replaced);
  const std::vector<engine::ChatMessage> messages{{.role = engine::Role::kUser, .content = content}};
  const auto parts = made->render({.messages = messages});
  if (!parts) return;
  std::size_t size = 0;
  for (const engine::PromptPart& part : *parts) size += part.text.size();
  DM_CHECK(size <= engine::ChatTemplate::Limits::kOutput);
  // It may write one, or put one together; an empty one is ChatML.
  if (source.empty() || source.find_first_of("<|>+~*") != std::string_view::npos) return;
  for (const engine::PromptPart& part : *parts) {
    for (const std::string& special : kSpecial) {
      DM_CHECK(part.origin == engine::Origin::kRequest || part.text.find(special) == std::string::npos);
    }
  }
}

// However a text is cut, the same comes out of it.
void fuzz_answer(std::string_view bytes) {
  const auto read = [&](std::size_t piece) {
    engine::TextStream stream({"STOP", "\n\n\n"});
    engine::AnswerParser parser({.tools = true, .thoughts = true, .thinking = false});
    std::string out;
    std::string calls;
    std::string thoughts;
    const auto take = [&](const engine::AnswerDelta& delta) {
      out += delta.content;
      thoughts += delta.reasoning;
      for (const engine::ToolCall& call : delta.calls) calls += call.name + call.arguments;
    };
    for (std::size_t i = 0; i < bytes.size(); i += piece) take(parser.push(stream.push(bytes.substr(i, piece))));
    take(parser.push(stream.finish()));
    take(parser.finish());
    DM_CHECK(is_utf8(out) && is_utf8(thoughts));
    return out + "|" + thoughts + "|" + calls + "|" + parser.parse_error();
  };
  const std::string bytewise = read(1);
  DM_CHECK(bytewise == read(3));
  DM_CHECK(bytewise == read(bytes.size() + 1));
}

}  // namespace docmind::fuzz
