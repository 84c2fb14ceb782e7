#include "engine/grammars.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "engine/grammar_constraint.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

// The request is checked: each has a function with a name.
std::vector<grammar::Tool> tools_of(const ChatRequest& request) {
  std::vector<grammar::Tool> tools;
  for (const json::value& tool : request.tools) {
    const json::object& function = tool.at("function").get_object();
    std::string name(function.at("name").get_string());
    if (request.tool_choice == ToolChoice::kNamed && name != request.tool_name) continue;
    const json::value* parameters = function.if_contains("parameters");
    tools.push_back({.name = std::move(name), .parameters = parameters == nullptr ? json::value() : *parameters});
  }
  return tools;
}

}  // namespace

Grammars::Grammars(const Vocabulary& vocabulary, std::span<const std::string> pieces)
    : vocabulary_(vocabulary), pieces_(pieces) {}

Result<Grammars::Grammar> Grammars::remembered(const std::string& key, const std::function<Result<Grammar>()>& make) {
  constexpr std::size_t kMost = 32;
  const ContentHash hash = Hasher().add(key).finish();
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(compiled_, hash, &std::pair<ContentHash, Grammar>::first);
    if (found != compiled_.end()) {
      compiled_.splice(compiled_.begin(), compiled_, found);
      return found->second;
    }
  }
  Grammar made = DM_TRY(make());  // Without the lock: a large schema takes its time.
  const std::lock_guard lock(mutex_);
  compiled_.emplace_front(hash, made);
  if (compiled_.size() > kMost) compiled_.pop_back();
  return made;
}

Result<Grammars::Grammar> Grammars::of_format(const GenerationFields& fields) {
  if (fields.format == FormatKind::kText) return Grammar();
  if (fields.format == FormatKind::kJsonObject) {
    return remembered("object", [] { return grammar::Grammar::of_json_object(); });
  }
  return remembered("schema " + to_text(fields.schema), [&] { return grammar::Grammar::of_schema(fields.schema); });
}

Result<Grammars::Grammar> Grammars::of_tools(const ChatRequest& request) {
  if (request.tools.empty() || request.tool_choice == ToolChoice::kNone) return Grammar();
  const bool required = request.tool_choice != ToolChoice::kAuto;
  grammar::ToolFormat format;
  format.use = required ? grammar::ToolUse::kRequired : grammar::ToolUse::kAuto;
  if (!request.parallel_tool_calls || request.tool_choice == ToolChoice::kNamed) format.calls = 1;
  const std::string key = "tools " + std::to_string(format.calls) + (required ? " required " : " auto ") +
                          request.tool_name + " " + to_text(request.tools);
  auto made = remembered(key, [&] { return grammar::Grammar::of_tools(tools_of(request), format); });
  // A model that calls as it likes is not hindered by a schema that only a person understands.
  if (!made && !required) return Grammar();
  return made;
}

Result<std::unique_ptr<scheduler::Constraint>> Grammars::constraint(const Grammar& grammar) {
  const std::lock_guard lock(mutex_);
  if (masker_ == nullptr) {
    masker_ =
        std::make_unique<grammar::Masker>(DM_TRY(grammar::TokenTrie::build(pieces_, vocabulary_.vocabulary().ends)));
  }
  return std::unique_ptr<scheduler::Constraint>(std::make_unique<GrammarConstraint>(grammar, *masker_, vocabulary_));
}

}  // namespace docmind::engine
