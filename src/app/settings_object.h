// The settings as the JSON object that `docmind config show --json` prints and /api/settings answers with.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "config/load.h"

namespace docmind::app {

struct InForce {                   // Of a docmind that serves.
  std::uint64_t generation = 1;    // Higher whenever others are in force.
  std::optional<Error> trouble{};  // Why what the files say now is not.
};

// {"file","generation","trouble","settings":[{"key","kind","choices","min","max","unit","values","default","value","origin","locked_by",
// "effect","pending","in_force","in_force_origin","help"}]}, one line; secrets are masked. "pending": a docmind that
// was started with `started` still goes by the value it had then, which is "in_force".
std::string settings_object(const config::Loaded& loaded, const config::Loaded& started, const InForce& in_force = {});

}  // namespace docmind::app
