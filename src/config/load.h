// Reads the settings from everywhere they may be written, the later winning, and keeps where each value came from.
//
// Order: defaults, the config folder's *.yaml by name, the --config file, the .env beside it, DOCMIND_ variables,
// flags. Every mistake is an error, in a value that is overridden later too: kInvalidArgument with file, line, key and,
// for an unknown key, the nearest known one. Names of the specifications that have no effect here become warnings.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "sys/environment.h"
#include "sys/files.h"

namespace docmind::config {

struct Flag {
  std::string key;
  std::string value;
  std::string flag = "--set";  // As the person wrote it, for messages.
};

struct Sources {
  std::filesystem::path folder{};               // Its *.yaml are read if it is there; empty: none.
  std::optional<std::filesystem::path> file{};  // --config; must be there.
  sys::Environment environment{};
  std::vector<Flag> flags{};
};

struct Loaded {
  Settings settings{};
  std::map<std::string, std::string, std::less<>> origins{};  // Key to origin; a default is not in it.
  std::vector<std::string> warnings{};
  std::vector<std::filesystem::path> files{};  // Read, in order.
};

Result<Loaded> load(const Sources& sources, sys::Files& files);

// One line of `docmind config show`.
struct SettingLine {
  std::string key;
  std::string value;   // "********" for a secret that is set.
  std::string origin;  // "default", or as in Loaded.
  std::string help;
};
std::vector<SettingLine> show(const Loaded& loaded);

}  // namespace docmind::config
