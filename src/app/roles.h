// The roles that are no commands: children of a docmind that serves. Their arguments are ours, not a person's.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"

namespace docmind::app {

// The exit code when the arguments name a role ("parse", "print", "engine", "cards", "cache-worker", "leader"), else
// nothing.
std::optional<int> run_role(const std::vector<std::string>& arguments);

// What parse is started with, beside --name: the limits it keeps itself (docs/formats/parse.md).
struct ParseLimits {
  std::uint64_t input_bytes = 0;
  std::uint64_t text_bytes = 0;
  std::uint32_t pages = 0;
};
std::vector<std::string> parse_arguments(const ParseLimits& limits);

// What tells the machine's NVIDIA cards (app/cards.h), by the driver's library when none is named.
std::vector<std::string> cards_command(const Layout& layout, const std::string& library);

// What is put before a program that starts further ones, so that all of them end with us (sys/group_leader.h).
std::vector<std::string> leader_command(const Layout& layout);

}  // namespace docmind::app
