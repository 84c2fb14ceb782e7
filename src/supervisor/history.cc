#include "supervisor/history.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>
#include <set>
#include <string>

namespace docmind::supervisor {
namespace {

constexpr std::string_view kNotCarriedOut = "Error: this call was not carried out.";
constexpr std::string_view kNoOutput = "(no output)";

using Places = std::map<std::string, std::vector<std::size_t>>;

// Finds the answers to calls, each once.
class Answers {
 public:
  explicit Answers(const Array& messages) : messages_(messages) {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (is_tool(messages[i])) tools_[std::string(answers_of(messages[i]))].push_back(i);
      if (!is_assistant(messages[i])) continue;
      for (const llm::ToolCall& call : calls_of(messages[i])) callers_[call.id].push_back(i);
    }
  }

  Object take(std::size_t caller, const llm::ToolCall& call) {
    for (const std::size_t i : after(tools_, call.id, caller)) {
      const std::vector<std::size_t> later = after(callers_, call.id, caller);
      if (!later.empty() && later.front() < i) break;
      if (!taken_.insert(i).second) continue;
      Object found = messages_[i].get_object();
      if (text_of(messages_[i]).empty()) found["content"] = kNoOutput;
      return found;
    }
    return tool_message(call, kNotCarriedOut);
  }

 private:
  static std::vector<std::size_t> after(const Places& places, const std::string& id, std::size_t caller) {
    const auto found = places.find(id);
    if (found == places.end()) return {};
    return {std::ranges::upper_bound(found->second, caller), found->second.end()};
  }

  const Array& messages_;
  Places tools_;
  Places callers_;
  std::set<std::size_t> taken_;
};

bool is_user(const Value& message) { return role_of(message) == "user"; }

// Where the newest messages begin of which at most `most` are kept: never at a tool's answer.
std::size_t newest(const Array& messages, std::size_t first, std::size_t most) {
  std::size_t start = messages.size();
  for (std::size_t i = messages.size(); i-- > first;) {
    if (is_tool(messages[i])) continue;
    if (messages.size() - i > most && start < messages.size()) break;
    start = i;
    if (messages.size() - i >= most) break;
  }
  return start;
}

}  // namespace

Array repaired(const Array& messages) {
  Answers answers(messages);
  Array out;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (is_tool(messages[i]) || !messages[i].is_object() || is_empty(messages[i])) continue;
    out.push_back(messages[i]);
    if (!is_assistant(messages[i])) continue;
    for (const llm::ToolCall& call : calls_of(messages[i])) out.push_back(answers.take(i, call));
  }
  return out;
}

Array trimmed(const Array& messages, std::size_t most) {
  if (messages.size() <= most) return messages;
  std::size_t lead = 0;
  while (lead < messages.size() && role_of(messages[lead]) == "system") ++lead;
  const std::size_t room = most > lead ? most - lead : 1;
  std::size_t start = newest(messages, lead, room);
  const auto user = [&](std::size_t from, std::size_t to) {
    while (to-- > from) {
      if (is_user(messages[to])) return to;
    }
    return messages.size();
  };
  Array out(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(lead));
  if (user(start, messages.size()) == messages.size()) {
    const std::size_t question = user(lead, start);
    if (question < messages.size()) {
      start = newest(messages, lead, room > 1 ? room - 1 : 1);
      out.push_back(messages[question]);
    }
  }
  out.insert(out.end(), messages.begin() + static_cast<std::ptrdiff_t>(start), messages.end());
  return out;
}

Pending pending_calls(const Array& messages) {
  std::set<std::string, std::less<>> answered;
  for (std::size_t i = messages.size(); i-- > 0;) {
    if (is_tool(messages[i])) answered.emplace(answers_of(messages[i]));
    if (is_user(messages[i])) return {};
    if (!is_assistant(messages[i])) continue;
    Pending out{.at = i};
    for (llm::ToolCall& call : calls_of(messages[i])) {
      if (!answered.contains(call.id)) out.calls.push_back(std::move(call));
    }
    return out;
  }
  return {};
}

}  // namespace docmind::supervisor
