#include "sys/paths.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/hash.h"
#include "sys/fd.h"
#include "sys/files.h"

namespace docmind::sys {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSocketPathBytes = 107;           // sun_path of unix(7), without its NUL.
constexpr const char* kServiceFolder = "/run/docmind";  // RuntimeDirectory= of deploy/systemd/docmind.service.
constexpr std::size_t kSocketNameBytes = sizeof("/0123456789abcdef.sock") - 1;

// The specification: a relative path in one of its variables is to be ignored.
std::optional<fs::path> absolute_path(const Environment& environment, std::string_view name) {
  const auto value = environment.get_filled(name);
  if (!value || !value->starts_with('/')) return std::nullopt;
  return fs::path(*value);
}

Result<fs::path> xdg_folder(const Environment& environment, std::string_view variable, std::string_view below_home) {
  if (const auto folder = absolute_path(environment, variable)) return *folder / "docmind";
  if (const auto home = absolute_path(environment, "HOME")) return *home / below_home / "docmind";
  return Error{Code::kInvalidArgument, fmt::format("neither {} nor HOME is an absolute path", variable),
               "Set HOME, or name the folder with a flag (--data, --config)."};
}

Result<> check_private(const fs::path& folder) {
  struct ::stat now{};
  if (::lstat(folder.c_str(), &now) != 0) return error_of(errno, "read " + printable(folder));
  const bool ours = S_ISDIR(now.st_mode) && now.st_uid == ::geteuid() && (now.st_mode & 077U) == 0;
  if (ours) return {};
  return Error{Code::kUnauthorized, printable(folder) + " is not a folder that only you can enter",
               fmt::format("Remove it, or make it yours alone: chmod 700 {}", printable(folder))};
}

fs::path runtime_choice(const Environment& environment) {
  const auto base = absolute_path(environment, "XDG_RUNTIME_DIR");
  struct ::stat now{};
  if (base && ::stat(base->c_str(), &now) == 0 && S_ISDIR(now.st_mode)) {
    fs::path folder = *base / "docmind";
    if (folder.native().size() + kSocketNameBytes <= kSocketPathBytes) return folder;
  }
  if (check_private(kServiceFolder)) return kServiceFolder;
  return fmt::format("/tmp/docmind-{}", ::geteuid());
}

}  // namespace

Result<fs::path> data_folder(const Environment& environment) {
  return xdg_folder(environment, "XDG_DATA_HOME", ".local/share");
}

Result<fs::path> config_folder(const Environment& environment) {
  return xdg_folder(environment, "XDG_CONFIG_HOME", ".config");
}

Result<fs::path> cache_folder(const Environment& environment) {
  return xdg_folder(environment, "XDG_CACHE_HOME", ".cache");
}

Result<fs::path> runtime_folder(const Environment& environment) {
  fs::path folder = runtime_choice(environment);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return error_of(errno, "make the folder " + printable(folder));
  }
  DM_TRY(check_private(folder));
  return folder;
}

Result<fs::path> socket_path(const Environment& environment, const fs::path& data) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(data, error);
  if (error) return error_of(error.value(), "find " + printable(data));
  const fs::path folder = DM_TRY(runtime_folder(environment));
  return folder / (content_hash(canonical.native()).hex().substr(0, 16) + ".sock");
}

}  // namespace docmind::sys
