#include "sys/environment.h"

#include <unistd.h>

namespace docmind::sys {

Environment Environment::of_process() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    variables.try_emplace(std::string(text.substr(0, equals)),
                          text.substr(equals + 1));  // The first wins, as in getenv.
  }
  return Environment(std::move(variables));
}

std::optional<std::string_view> Environment::get(std::string_view name) const {
  const auto at = variables_.find(name);
  if (at == variables_.end()) return std::nullopt;
  return at->second;
}

std::optional<std::string_view> Environment::get_filled(std::string_view name) const {
  const auto value = get(name);
  return value && !value->empty() ? value : std::nullopt;
}

std::vector<std::string> Environment::pick(const std::vector<std::string>& names) const {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (const auto value = get(name)) out.push_back(name + "=" + std::string(*value));
  }
  return out;
}

}  // namespace docmind::sys
