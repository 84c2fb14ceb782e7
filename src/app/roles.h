// The two roles that are no commands: children of a docmind that serves. Their arguments are ours, not a person's.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace docmind::app {

// The exit code when the arguments name a role ("parse", "engine"), else nothing.
std::optional<int> run_role(const std::vector<std::string>& arguments);

// What parse is started with, beside --name: the limits it keeps itself (docs/formats/parse.md).
struct ParseLimits {
  std::uint64_t input_bytes = 0;
  std::uint64_t text_bytes = 0;
  std::uint32_t pages = 0;
};
std::vector<std::string> parse_arguments(const ParseLimits& limits);

}  // namespace docmind::app
