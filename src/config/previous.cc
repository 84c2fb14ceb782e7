#include "config/previous.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "config/source.h"

namespace docmind::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrevious = ".previous-";
constexpr std::string_view kUndone = ".undone-";
constexpr std::size_t kKept = 10;

fs::path behind_links(const fs::path& file) {
  std::error_code failed;
  fs::path real = fs::weakly_canonical(file, failed);
  return failed ? file : real;
}

fs::path numbered(const fs::path& file, std::string_view kind, std::uint32_t number) {
  fs::path out = file;
  out += fmt::format("{}{:04}", kind, number);
  return out;
}

using Versions = std::map<std::uint32_t, fs::path>;

Result<Versions> kept_of(const fs::path& file, std::string_view kind, sys::Files& files) {
  Versions out;
  const std::string prefix = file.filename().native() + std::string(kind);
  auto entries = files.list(file.parent_path());
  if (!entries && entries.error().code == Code::kNotFound) return out;
  if (!entries) return std::move(entries).error();
  for (const sys::FolderEntry& entry : *entries) {
    if (!entry.name.starts_with(prefix)) continue;
    std::uint32_t number = 0;
    const char* end = entry.name.data() + entry.name.size();
    const auto read = std::from_chars(entry.name.data() + prefix.size(), end, number);
    if (read.ec == std::errc() && read.ptr == end) out.emplace(number, file.parent_path() / entry.name);
  }
  return out;
}

Result<fs::path> keep(const fs::path& file, std::string_view kind, const std::string& text, sys::Files& files) {
  Versions kept = DM_TRY(kept_of(file, kind, files));
  const std::uint32_t number = kept.empty() ? 1 : kept.rbegin()->first + 1;
  fs::path name = numbered(file, kind, number);
  DM_TRY(files.write_atomic(name, text));
  kept.emplace(number, name);
  for (; kept.size() > kKept; kept.erase(kept.begin())) DM_TRY(files.remove(kept.begin()->second));
  return name;
}

Result<> keep_version(const fs::path& file, const std::string& text, sys::Files& files) {
  const auto now = files.read(file, kMaxFileBytes);
  if (!now && now.error().code == Code::kNotFound) return {};
  if (!now) return now.error();
  if (*now != text) DM_TRY(keep(file, kPrevious, *now, files));
  return {};
}

// With the permissions the file had.
Result<> put(const fs::path& real, const std::string& text, sys::Files& files) {
  std::error_code failed;
  const fs::file_status before = fs::status(real, failed);
  DM_TRY(files.write_atomic(real, text));
  if (fs::is_regular_file(before)) fs::permissions(real, before.permissions(), failed);
  return {};
}

Error not_written(const Error& error) {
  return {error.code, "the settings cannot be written: " + error.message,
          "Allow writing there, or change the file by hand."};
}

Result<std::vector<fs::path>> latest_first(const fs::path& file, std::string_view kind, sys::Files& files) {
  std::vector<fs::path> out;
  for (const auto& [number, path] : DM_TRY(kept_of(behind_links(file), kind, files))) out.insert(out.begin(), path);
  return out;
}

// What stood there is kept, and what says the same as it does goes, so that the next going back passes it by.
Result<fs::path> keep_undone(const fs::path& real, sys::Files& files) {
  const auto now = files.read(real, kMaxFileBytes);
  if (!now && now.error().code == Code::kNotFound) return fs::path();
  if (!now) return now.error();
  fs::path undone = DM_TRY(keep(real, kUndone, *now, files));
  const Versions kept = DM_TRY(kept_of(real, kPrevious, files));
  for (auto latest = kept.rbegin(); latest != kept.rend(); ++latest) {
    const auto text = files.read(latest->second, kMaxFileBytes);
    if (!text || *text != *now) break;
    DM_TRY(files.remove(latest->second));
  }
  return undone;
}

}  // namespace

Result<> write_settings(const fs::path& file, const std::string& text, sys::Files& files) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);  // What failed, the write says.
  const fs::path real = behind_links(file);
  Result<> written = keep_version(real, text, files);
  if (written) written = put(real, text, files);
  if (written) return {};
  return not_written(written.error());
}

Result<fs::path> version_before(const fs::path& file, sys::Files& files) {
  const auto now = files.read(file, kMaxFileBytes);
  for (const fs::path& version : DM_TRY(previous_versions(file, files))) {
    const auto text = files.read(version, kMaxFileBytes);
    if (!text || !now || *text != *now) return version;
  }
  return Error{Code::kNotFound, "there is no earlier version of " + sys::printable(file),
               "docmind writes one with each change it makes; docmind rollback --list shows them."};
}

Result<fs::path> go_back_to(const fs::path& version, const fs::path& file, sys::Files& files) {
  const fs::path real = behind_links(file);
  const std::string text = DM_TRY(files.read(version, kMaxFileBytes));
  auto undone = keep_undone(real, files);
  if (!undone) return not_written(undone.error());
  if (const Result<> written = put(real, text, files); !written) return not_written(written.error());
  return undone;
}

Result<std::vector<fs::path>> previous_versions(const fs::path& file, sys::Files& files) {
  return latest_first(file, kPrevious, files);
}

Result<std::vector<fs::path>> undone_versions(const fs::path& file, sys::Files& files) {
  return latest_first(file, kUndone, files);
}

}  // namespace docmind::config
