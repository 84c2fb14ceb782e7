#include "config/migrate.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/edit.h"
#include "config/source.h"
#include "config/specification_names.h"

namespace docmind::config {
namespace {

Result<std::vector<Assignment>> read(std::string_view text, const std::filesystem::path& file) {
  const bool yaml = file.extension() == ".yaml" || file.extension() == ".yml";
  return yaml ? read_yaml(text, file) : read_dot_env(text, file);
}

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

}  // namespace

bool Migrated::changes() const {
  return std::ranges::any_of(names, [](const NameReport& one) { return one.fate != NameFate::kSame; });
}

bool Migrated::wrong() const {
  return std::ranges::any_of(names, [](const NameReport& one) { return one.fate == NameFate::kWrong; });
}

Result<Migrated> migrate(std::string_view text, const std::filesystem::path& file) {
  const std::vector<Declaration> settings = declarations();
  Migrated out;
  out.text = "# Settings of DocMind: docs/settings.md.\n";
  for (const Assignment& assignment : DM_TRY(read(text, file))) {
    const auto setting = std::ranges::find_if(settings, [&](const Declaration& one) {
      return one.key == assignment.key || std::ranges::find(one.aliases, assignment.key) != one.aliases.end();
    });
    const Declaration* found = setting == settings.end() ? nullptr : &*setting;
    NameReport report = report_on(assignment, found);
    if (report.fate == NameFate::kSame || report.fate == NameFate::kRenamed) {
      out.text = DM_TRY(with_value(out.text, file, *found, assignment.value));
    }
    out.names.push_back(std::move(report));
  }
  return out;
}

}  // namespace docmind::config
