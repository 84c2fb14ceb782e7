#include "context/impl/measure.h"

#include <deque>
#include <string>
#include <string_view>

#include "base/json.h"

namespace docmind::context {
namespace {

constexpr std::uint64_t kPerPrompt = 128;  // A system message of the template's own, the beginning of the answer.
constexpr std::uint64_t kPerMessage = 8;   // Role and borders.
constexpr std::uint64_t kPerResult = 16;   // Of a tool, where the borders are plain text.
constexpr std::uint64_t kPerCall = 24;
constexpr std::uint64_t kForTools = 256;  // How to call them.
constexpr std::uint64_t kPerTool = 8;
constexpr std::uint64_t kPerDocument = 40;  // <document index="1000" title=""> and its end.
constexpr std::uint64_t kPerList = 16;      // <documents> and its end.

// JSON as templates print it, with a blank behind every colon and comma: often a token more than without.
std::string spaced(std::string_view json) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    out += json[i];
    if (quoted && json[i] == '\\' && i + 1 < json.size()) {
      out += json[++i];
    } else if (json[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (json[i] == ':' || json[i] == ',')) {
      out += ' ';
    }
  }
  return out;
}

std::string call_text(const llm::ToolCall& call) {
  return "{\"name\": " + json_quoted(call.name) + ", \"arguments\": " + spaced(call.arguments) +
         ", \"id\": " + json_quoted(call.id) + "}";
}

std::string tool_text(const llm::ChatTool& tool) {
  return R"({"type": "function", "function": {"name": )" + json_quoted(tool.name) +
         ", \"description\": " + json_quoted(tool.description) + ", \"parameters\": " + spaced(tool.parameters) +
         "}}\n";
}

// Texts in the order in which they were asked about; those made here live in `made`.
class Texts {
 public:
  void add(std::string_view text) { views_.push_back(text); }
  void add(std::string text) { views_.push_back(made_.emplace_back(std::move(text))); }
  const std::vector<std::string_view>& views() const { return views_; }

 private:
  std::deque<std::string> made_;
  std::vector<std::string_view> views_;
};

void add_message(Texts& texts, const llm::ChatMessage& message) {
  if (message.reasoning.empty() && message.tool_calls.empty() && message.tool_call_id.empty() && message.name.empty()) {
    texts.add(std::string_view(message.content));
    return;
  }
  std::string text = message.reasoning + "\n" + message.content + "\n" + message.name + "\n" + message.tool_call_id;
  for (const llm::ToolCall& call : message.tool_calls) text += "\n" + call_text(call);
  texts.add(std::move(text));
}

std::uint64_t allowance(const llm::ChatMessage& message) {
  return kPerMessage + (message.role == llm::Role::kTool ? kPerResult : 0) + kPerCall * message.tool_calls.size() +
         (message.reasoning.empty() ? 0 : kPerMessage);
}

void add_documents(Texts& texts, const std::vector<llm::ChatDocument>& documents) {
  for (const llm::ChatDocument& document : documents) {
    texts.add(json_quoted(document.title));
    texts.add(std::string_view(document.text));
  }
}

}  // namespace

std::uint64_t Sizes::total() const {
  std::uint64_t sum = fixed;
  for (const auto* list : {&messages, &documents, &passages}) sum = std::accumulate(list->begin(), list->end(), sum);
  return sum;
}

Result<Sizes> measure(const llm::ChatRequest& request, const llm::Capabilities& model, TokenCounter& counter,
                      Deadline deadline, std::stop_token stop) {
  Texts texts;
  for (const llm::ChatMessage& message : request.messages) add_message(texts, message);
  add_documents(texts, request.documents);
  add_documents(texts, request.passages);
  for (const llm::ChatTool& tool : request.tools) texts.add(tool_text(tool));
  const Counts counts = DM_TRY(counter.count(model, texts.views(), deadline, stop));
  Sizes out{.fixed = kPerPrompt, .exact = counts.exact};
  auto next = counts.tokens.begin();
  for (const llm::ChatMessage& message : request.messages) out.messages.push_back(*next++ + allowance(message));
  for (std::size_t i = 0; i < request.documents.size(); ++i, next += 2) {
    out.documents.push_back(next[0] + next[1] + kPerDocument);
  }
  for (std::size_t i = 0; i < request.passages.size(); ++i, next += 2) {
    out.passages.push_back(next[0] + next[1] + kPerDocument);
  }
  for (std::size_t i = 0; i < request.tools.size(); ++i) out.fixed += *next++ + kPerTool;
  if (!request.tools.empty()) out.fixed += kForTools;
  for (const auto* list : {&request.documents, &request.passages}) out.fixed += list->empty() ? 0 : kPerList;
  return out;
}

}  // namespace docmind::context
