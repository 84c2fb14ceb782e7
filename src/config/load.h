// Reads the settings from everywhere they may be written, the later winning, and keeps where each value came from.
//
// Order: defaults, the config folder's *.yaml by name, the --config file, the .env beside it, systemd's credentials
// (secrets alone), DOCMIND_ variables, flags. Every mistake is an error, in a value that is overridden later too:
// kInvalidArgument with file, line, key and, for an unknown key, the nearest known one. Names of the specifications
// that have no effect here become warnings.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
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

struct EditedFile {
  std::filesystem::path file;
  std::string text;
};

struct Sources {
  std::filesystem::path folder{};               // Its *.yaml are read if it is there; empty: none.
  std::optional<std::filesystem::path> file{};  // --config; must be there.
  sys::Environment environment{};
  std::vector<Flag> flags{};
  std::optional<EditedFile> edited{};  // Read in place of what that YAML file holds, or as if it were there.
};

struct Loaded {
  Settings settings{};
  std::map<std::string, std::string, std::less<>> origins{};  // Key to origin; a default is not in it.
  std::vector<std::string> warnings{};
  std::vector<std::filesystem::path> files{};  // Read, in order.
  // Keys that an .env, a variable or a flag sets: no YAML file can change them.
  std::set<std::string, std::less<>> locked{};
  // The YAML file that counts most, or the one that would: changes are written to it. Empty: there is no folder for it.
  std::filesystem::path writes{};
};

Result<Loaded> load(const Sources& sources, sys::Files& files);

// What the files are that load() would read, without reading them: another text when one of them has been written,
// replaced, added or removed.
std::string stamp_of(const Sources& sources, sys::Files& files);

// Loaded::writes, without reading what the files say: for who mends one that cannot be loaded.
Result<std::filesystem::path> written_file(const Sources& sources, sys::Files& files);

inline constexpr std::string_view kMask = "********";

// A value as it may be shown: kMask for a secret that is set, and for the password in an address.
std::string shown_value(const Declaration& declaration, const Settings& settings);

// One line of `docmind config show`.
struct SettingLine {
  std::string key;
  std::string value;   // As shown_value.
  std::string origin;  // "default", or as in Loaded.
  std::string help;
};
std::vector<SettingLine> show(const Loaded& loaded);
// The declarations that are listed: all but the hidden ones that nobody has set.
std::vector<Declaration> listed(const Loaded& loaded);

}  // namespace docmind::config
