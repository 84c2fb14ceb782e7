#include "context/impl/turns.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace docmind::context {
namespace {

using llm::ChatMessage;
using llm::Role;

// For each message the last one that it cannot be without: itself, or the last result of its calls.
std::vector<std::size_t> last_results(std::span<const ChatMessage> messages) {
  std::vector<std::size_t> last(messages.size());
  std::unordered_map<std::string_view, std::size_t> caller;  // Of an id, the nearest so far.
  std::optional<std::size_t> nearest;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    last[i] = i;
    for (const llm::ToolCall& call : messages[i].tool_calls) {
      caller[call.id] = i;
      nearest = i;
    }
    if (messages[i].role != Role::kTool) continue;
    const auto named = caller.find(messages[i].tool_call_id);
    const bool known = !messages[i].tool_call_id.empty() && named != caller.end();
    if (known) {
      last[named->second] = i;
    } else if (messages[i].tool_call_id.empty() && nearest) {
      last[*nearest] = i;
    }
  }
  return last;
}

bool has_user(std::span<const ChatMessage> messages, const Atom& atom) {
  return std::ranges::any_of(messages.subspan(atom.begin, atom.end - atom.begin),
                             [](const ChatMessage& m) { return m.role == Role::kUser; });
}

}  // namespace

std::vector<Atom> atoms(std::span<const ChatMessage> messages) {
  const std::vector<std::size_t> last = last_results(messages);
  std::vector<Atom> out;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == Role::kSystem) continue;
    if (!out.empty() && i < out.back().end) {
      out.back().end = std::max(out.back().end, last[i] + 1);
    } else {
      out.push_back({i, last[i] + 1});
    }
  }
  return out;
}

std::vector<Atom> steps(std::span<const ChatMessage> messages) {
  const std::vector<Atom> all = atoms(messages);
  if (all.empty()) return {};
  const std::size_t final = all.size() - 1;
  const auto newest_user =
      std::ranges::find_if(all.rbegin(), all.rend(), [&](const Atom& atom) { return has_user(messages, atom); });
  std::vector<Atom> out;
  std::size_t kept = 0;  // First atom of the newest turn.
  if (newest_user != all.rend()) {
    kept = static_cast<std::size_t>(all.rend() - newest_user) - 1;
    for (std::size_t i = 0; i < kept; ++i) {
      if (out.empty() || messages[all[i].begin].role == Role::kUser) {
        out.push_back(all[i]);
      } else {
        out.back().end = all[i].end;
      }
    }
    ++kept;
  }
  for (std::size_t i = kept; i < final; ++i) out.push_back(all[i]);
  return out;
}

}  // namespace docmind::context
