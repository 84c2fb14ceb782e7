// What a role is started with: "--key=value" and "--key value". Written by us, not by a person, so that what is missing
// or no number leaves the default. Thread safety: a value.
#pragma once
#include <charconv>
#include <map>
#include <string>
#include <vector>

namespace docmind::app {

class RoleOptions {
 public:
  // The role's name first.
  explicit RoleOptions(const std::vector<std::string>& arguments) {
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      if (!argument.starts_with("--")) continue;
      const auto equals = argument.find('=');
      if (equals != std::string::npos) {
        options_[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        options_[argument.substr(2)] = arguments[++i];
      }
    }
  }

  std::string text(const char* key) const {
    const auto found = options_.find(key);
    return found == options_.end() ? std::string() : found->second;
  }

  void read(const char* key, std::string& to) const {
    if (const auto found = options_.find(key); found != options_.end()) to = found->second;
  }
  template <typename Number>
  void read(const char* key, Number& to) const {
    const std::string found = text(key);
    std::from_chars(found.data(), found.data() + found.size(), to);
  }

 private:
  std::map<std::string, std::string> options_;
};

}  // namespace docmind::app
