#include "llm/document_text.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace docmind::llm {
namespace {

constexpr std::string_view kWordJoiner = "\u2060";

// Of the templates of Qwen, Llama, Mistral, Gemma, Phi, DeepSeek and their likes.
constexpr std::array<std::string_view, 19> kMarks = {
    "<|",          "|>",           "<\uff5c",         "\uff5c>",          "<s>",           "</s>",    "[INST]",
    "[/INST]",     "<<SYS>>",      "<</SYS>>",        "<start_of_turn>",  "<end_of_turn>", "<think>", "</think>",
    "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "[TOOL_CALLS]"};

std::vector<ChatDocument> harmless(std::vector<ChatDocument> documents) {
  for (ChatDocument& document : documents) {
    document.title = without_marks(document.title);
    document.text = without_marks(document.text);
  }
  return documents;
}

}  // namespace

std::string documents_text(std::string_view kind, std::span<const ChatDocument> documents) {
  if (documents.empty()) return {};
  std::string text = "<" + std::string(kind) + "s>\n";
  for (std::size_t i = 0; i < documents.size(); ++i) {
    text += "<" + std::string(kind) + " index=\"" + std::to_string(i + 1) + "\"";
    if (!documents[i].title.empty()) text += " title=" + json_quoted(documents[i].title);
    text += ">\n" + documents[i].text + "\n</" + std::string(kind) + ">\n";
  }
  return text + "</" + std::string(kind) + "s>\n\n";
}

std::string without_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto mark = std::ranges::find_if(kMarks, [&](std::string_view one) { return text.starts_with(one); });
    if (mark == kMarks.end()) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    // Behind the first character, which may be of more than one byte.
    const std::size_t head = mark->starts_with("\uff5c") ? std::string_view("\uff5c").size() : 1;
    out.append(text.substr(0, head)).append(kWordJoiner);
    text.remove_prefix(head);
  }
  return out;
}

Result<ChatRequest> with_documents_written(ChatRequest request) {
  for (ChatMessage& message : request.messages) {
    if (message.role == Role::kTool) message.content = without_marks(message.content);
  }
  if (request.documents.empty() && request.passages.empty()) return request;
  const auto is_user = [](const ChatMessage& message) { return message.role == Role::kUser; };
  const auto first = std::ranges::find_if(request.messages, is_user);
  if (first == request.messages.end()) {
    return Error{Code::kInvalidArgument, "There are documents but no user message that they could stand in.",
                 "Add a message with the role \"user\"."};
  }
  const auto last = std::ranges::find_if(request.messages.rbegin(), request.messages.rend(), is_user);
  last->content.insert(0, documents_text("passage", harmless(std::move(request.passages))));
  first->content.insert(0, documents_text("document", harmless(std::move(request.documents))));
  request.documents.clear();
  request.passages.clear();
  return request;
}

}  // namespace docmind::llm
