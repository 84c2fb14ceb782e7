#include "config/change.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/edit.h"
#include "config/previous.h"
#include "config/source.h"
#include "config/value.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirstLine = "# Settings of DocMind: docs/settings.md.\n";

Result<std::string> text_now(const fs::path& file, sys::Files& files) {
  auto text = files.read(file, kMaxFileBytes);
  if (!text && text.error().code == Code::kNotFound) return std::string(kFirstLine);
  return text;
}

Result<> check_value(const Declaration& setting, std::string_view value) {
  if (value.find(kMask) != std::string_view::npos) {
    return Error{Code::kInvalidArgument, fmt::format("{} is shown masked, and the mask is no value", setting.key),
                 "Send the value itself."};
  }
  Settings scratch;
  Result<> fits = setting.set(scratch, value);
  if (fits) return {};
  const bool secret = setting.shown == Shown::kSecret;
  return Error{Code::kInvalidArgument,
               fmt::format("{} {}", setting.key, secret ? "is not valid" : fits.error().message),
               std::string(setting.help)};
}

// It counts only if nothing that is read later says otherwise.
Result<> check_arrived(const Declaration& setting, std::string_view value, const Loaded& then) {
  if (setting.is_path) return {};  // Made whole by what read it.
  Settings scratch;
  DM_TRY(setting.set(scratch, value));
  if (setting.get(then.settings) == setting.get(scratch)) return {};
  const auto origin = then.origins.find(setting.key);
  return Error{Code::kConflict,
               fmt::format("{} is set by {}, which counts more", setting.key,
                           origin == then.origins.end() ? "nothing" : origin->second),
               "Change it there."};
}

}  // namespace

std::string lock_of(const Declaration& setting, const Loaded& now) {
  if (!now.locked.contains(setting.key)) return {};
  return fmt::format("Set by {}. Change it there.", now.origins.find(setting.key)->second);
}

Result<Loaded> change(const Sources& sources, const Loaded& now, const Changes& changes, const Usable& usable,
                      Write write, sys::Files& files) {
  if (now.writes.empty()) {
    return Error{Code::kConflict, "there is no file for settings", "Name one with --config FILE."};
  }
  EditedFile edited{now.writes, DM_TRY(text_now(now.writes, files))};
  const std::vector<Declaration> all = declarations();
  std::vector<const Declaration*> changed;
  for (const auto& [key, value] : changes) {
    const auto setting = std::ranges::find(all, std::string_view(key), &Declaration::key);
    if (setting == all.end() || setting->shown == Shown::kHidden) {
      return Error{Code::kInvalidArgument, fmt::format("{} is no setting", in_quotes(key)),
                   "All settings are listed by: docmind config show"};
    }
    DM_TRY(check_value(*setting, value));
    if (const std::string lock = lock_of(*setting, now); !lock.empty()) {
      return Error{Code::kConflict, fmt::format("{} cannot be changed here", key), lock};
    }
    edited.text = DM_TRY(with_value(edited.text, edited.file, *setting, value));
    changed.push_back(&*setting);
  }
  Sources then = sources;
  then.edited = edited;
  Loaded loaded = DM_TRY(load(then, files));
  for (const Declaration* setting : changed) {
    DM_TRY(check_arrived(*setting, changes.find(setting->key)->second, loaded));
  }
  if (usable) DM_TRY(usable(loaded.settings));
  if (write == Write::kYes && !changes.empty()) DM_TRY(write_settings(edited.file, edited.text, files));
  return loaded;
}

}  // namespace docmind::config
