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
constexpr std::size_t kKept = 10;

fs::path behind_links(const fs::path& file) {
  std::error_code failed;
  fs::path real = fs::weakly_canonical(file, failed);
  return failed ? file : real;
}

fs::path numbered(const fs::path& file, std::uint32_t number) {
  fs::path out = file;
  out += fmt::format("{}{:04}", kPrevious, number);
  return out;
}

Result<std::map<std::uint32_t, fs::path>> kept_of(const fs::path& file, sys::Files& files) {
  std::map<std::uint32_t, fs::path> out;
  const std::string prefix = file.filename().native() + std::string(kPrevious);
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

Result<> keep_version(const fs::path& file, const std::string& text, sys::Files& files) {
  const auto now = files.read(file, kMaxFileBytes);
  if (!now && now.error().code == Code::kNotFound) return {};
  if (!now) return now.error();
  if (*now == text) return {};
  auto kept = DM_TRY(kept_of(file, files));
  const std::uint32_t number = kept.empty() ? 1 : kept.rbegin()->first + 1;
  const fs::path name = numbered(file, number);
  DM_TRY(files.write_atomic(name, *now));
  kept.emplace(number, name);
  for (; kept.size() > kKept; kept.erase(kept.begin())) DM_TRY(files.remove(kept.begin()->second));
  return {};
}

}  // namespace

Result<> write_settings(const fs::path& file, const std::string& text, sys::Files& files) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);  // What failed, the write says.
  const fs::path real = behind_links(file);
  const fs::file_status before = fs::status(real, failed);
  Result<> written = keep_version(real, text, files);
  if (written) written = files.write_atomic(real, text);
  if (written && fs::is_regular_file(before)) fs::permissions(real, before.permissions(), failed);
  if (written) return {};
  return Error{written.error().code, "the settings cannot be written: " + written.error().message,
               "Allow writing there, or change the file by hand."};
}

Result<std::vector<fs::path>> previous_versions(const fs::path& file, sys::Files& files) {
  std::vector<fs::path> out;
  for (const auto& [number, path] : DM_TRY(kept_of(behind_links(file), files))) out.insert(out.begin(), path);
  return out;
}

}  // namespace docmind::config
