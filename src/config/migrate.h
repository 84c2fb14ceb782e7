// A settings file of another time or product read name by name: what each is called here, and the file as it would be
// written today.
//
// Pure.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::config {

enum class NameFate : std::uint8_t {
  kSame,      // A setting, under its own name.
  kRenamed,   // A setting, under another name.
  kNoEffect,  // A specification's name that is nothing here.
  kForeign,   // Nothing of ours, in a file that others read, too.
  kWrong,     // No setting, or a value that is none: a start refuses the file.
};

struct NameReport {
  std::string origin;  // "/home/me/.env:3"
  std::string spelt;
  NameFate fate = NameFate::kSame;
  std::string key{};  // Of the setting; empty: there is none.
  std::string why{};  // For kNoEffect, kForeign and kWrong: the rest of a sentence that begins with the name.
};

struct Migrated {
  std::vector<NameReport> names{};  // As they stand in the file.
  // YAML with the settings' own names. Of a YAML file that can be changed in place the whole text, comments too, and
  // what was renamed or is no setting as a comment; of any other the settings alone.
  std::string text{};

  bool changes() const;  // Whether any name is not the one of today.
  bool wrong() const;
};

// A file that ends in .yaml or .yml is read as YAML, any other as NAME=value lines. Errors: those of config/source.h.
Result<Migrated> migrate(std::string_view text, const std::filesystem::path& file);

}  // namespace docmind::config
