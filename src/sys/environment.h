// The environment variables, read once at the start: nobody else calls getenv, and a test writes its own.
//
// A value. Names and values are bytes.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace docmind::sys {

class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;
  Environment() = default;
  explicit Environment(Variables variables) : variables_(std::move(variables)) {}
  static Environment of_process();

  std::optional<std::string_view> get(std::string_view name) const;
  // The same, with an empty value as absent (what the XDG specification asks for).
  std::optional<std::string_view> get_filled(std::string_view name) const;
  const Variables& all() const { return variables_; }
  // "NAME=value" of the named ones that are set: what a child process is given.
  std::vector<std::string> pick(const std::vector<std::string>& names) const;

 private:
  Variables variables_;
};

}  // namespace docmind::sys
