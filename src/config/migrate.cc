#include "config/migrate.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/edit.h"
#include "config/source.h"
#include "config/specification_names.h"

namespace docmind::config {
namespace {

bool is_yaml(const std::filesystem::path& file) { return file.extension() == ".yaml" || file.extension() == ".yml"; }

// What is no setting.
NameReport unknown(const Assignment& assignment) {
  NameReport out{.origin = assignment.origin, .spelt = assignment.spelt};
  const auto names = specification_names();
  const auto named = std::ranges::find(names, std::string_view(assignment.key), &SpecificationName::name);
  if (named != names.end()) {
    out.fate = NameFate::kNoEffect;
    out.why = fmt::format("has no effect: {}", named->reason);
  } else if (assignment.may_be_foreign) {
    out.fate = NameFate::kForeign;
    out.why = "is no setting of DocMind";
  } else {
    out.fate = NameFate::kWrong;
    out.why = "is no setting: docmind config show lists them";
  }
  return out;
}

NameReport report_on(const Assignment& assignment, const Declaration* setting) {
  if (setting == nullptr) return unknown(assignment);
  NameReport out{.origin = assignment.origin, .spelt = assignment.spelt, .key = std::string(setting->key)};
  Settings scratch;
  if (const Result<> fits = setting->set(scratch, assignment.value); !fits) {
    out.fate = NameFate::kWrong;
    out.why = setting->shown == Shown::kSecret ? "is not valid" : fits.error().message;
  } else {
    out.fate = assignment.key == setting->key ? NameFate::kSame : NameFate::kRenamed;
  }
  return out;
}

struct Entry {
  const Assignment& assignment;
  const Declaration* setting;  // nullptr: it is none.
  NameFate fate;

  bool counts() const { return fate == NameFate::kSame || fate == NameFate::kRenamed; }
};

// Each setting with its value, as they come.
Result<std::string> written_anew(const std::vector<Entry>& entries, const std::filesystem::path& file) {
  std::string out = "# Settings of DocMind: docs/settings.md.\n";
  for (const Entry& one : entries) {
    if (one.counts()) out = DM_TRY(with_value(out, file, *one.setting, one.assignment.value));
  }
  return out;
}

// Old names become comments where they stand, and what they said stands under the setting's own.
Result<std::string> changed_in_place(std::string_view text, const std::vector<Entry>& entries,
                                     const std::filesystem::path& file) {
  std::vector<std::string> old;
  for (const Entry& one : entries) {
    if (one.fate != NameFate::kSame) old.push_back(one.assignment.key);
  }
  std::string out = DM_TRY(without_values(text, file, old));
  for (auto one = entries.begin(); one != entries.end(); ++one) {
    const bool said_later = std::any_of(one + 1, entries.end(), [&](const Entry& later) {
      return later.counts() && later.setting == one->setting;  // The last one counts.
    });
    if (one->fate != NameFate::kRenamed || said_later) continue;
    out = DM_TRY(with_value(out, file, *one->setting, one->assignment.value));
  }
  return out;
}

}  // namespace

bool Migrated::changes() const {
  return std::ranges::any_of(names, [](const NameReport& one) { return one.fate != NameFate::kSame; });
}

bool Migrated::wrong() const {
  return std::ranges::any_of(names, [](const NameReport& one) { return one.fate == NameFate::kWrong; });
}

Result<Migrated> migrate(std::string_view text, const std::filesystem::path& file) {
  const std::vector<Declaration> settings = declarations();
  const auto assignments = DM_TRY(is_yaml(file) ? read_yaml(text, file) : read_dot_env(text, file));
  Migrated out;
  std::vector<Entry> entries;
  for (const Assignment& assignment : assignments) {
    const auto setting = std::ranges::find_if(settings, [&](const Declaration& one) {
      return one.key == assignment.key || std::ranges::find(one.aliases, assignment.key) != one.aliases.end();
    });
    const Declaration* found = setting == settings.end() ? nullptr : &*setting;
    out.names.push_back(report_on(assignment, found));
    entries.push_back({assignment, found, out.names.back().fate});
  }
  out.text = DM_TRY(written_anew(entries, file));
  if (!is_yaml(file)) return out;
  if (auto text_kept = changed_in_place(text, entries, file)) out.text = *std::move(text_kept);
  return out;
}

}  // namespace docmind::config
