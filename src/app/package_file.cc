#include "app/package_file.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <sstream>

namespace docmind::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "docmind";
constexpr std::string_view kFormat = "-format (= ";

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What it said, when it did it.
Result<std::string> said(const RunProgram& run, std::vector<std::string> words) {
  const std::string program = words.front();
  auto finished = DM_TRY(run(std::move(words)));
  if (finished.exit.clean()) return first_line(finished.out);
  return Error{Code::kUnavailable, fmt::format("{}: {}", program, first_line(finished.err)), ""};
}

Result<bool> is_older(const std::string& one, const std::string& other, const RunProgram& run) {
  return DM_TRY(run({"/usr/bin/dpkg", "--compare-versions", one, "lt", other})).exit.clean();
}

// The lines "Name: value" of `dpkg-deb --field`.
std::map<std::string, std::string, std::less<>> fields_of(const std::string& text) {
  std::map<std::string, std::string, std::less<>> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (const auto colon = line.find(": "); colon != std::string::npos)
      out[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return out;
}

Result<PackageFile> newest_older(const fs::path& folder, const std::string& version, sys::Files& files,
                                 const RunProgram& run) {
  std::optional<PackageFile> newest;
  for (const sys::FolderEntry& entry : DM_TRY(files.list(folder))) {
    if (!entry.name.starts_with("docmind_") || !entry.name.ends_with(".deb")) continue;
    auto found = read_package(folder / entry.name, run);  // What is none is not for us.
    if (!found || !DM_TRY(is_older(found->version, version, run))) continue;
    if (!newest || DM_TRY(is_older(newest->version, found->version, run))) newest = *std::move(found);
  }
  if (newest) return *std::move(newest);
  return Error{Code::kNotFound,
               fmt::format("{} has no package of a docmind older than {}", sys::printable(folder), version),
               "Name the older package's file or its folder with --package."};
}

}  // namespace

Formats formats_in(std::string_view provides) {
  Formats out{{"library.db", 1}, {"sessions.db", 1}};
  for (auto& [name, newest] : out) {
    const std::string word = fmt::format("docmind-{}{}", name.substr(0, name.find('.')), kFormat);
    const auto at = provides.find(word);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = provides.substr(at + word.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), newest);
  }
  return out;
}

Result<std::string> installed_version(const fs::path& binary, const RunProgram& run) {
  const auto owner = said(run, {"/usr/bin/dpkg-query", "--search", binary.string()});
  if (!owner || !owner->starts_with(std::string(kName) + ":")) {
    return Error{
        Code::kUnavailable, sys::printable(binary) + " was not installed by a Debian package",
        "Put the older program in place as this one was: a container takes the older image's tag, a source tree the "
        "older commit (docs/runbook.md). docmind rollback data and settings work everywhere."};
  }
  const PackageState state = DM_TRY(package_state(run));
  if (state.whole()) return state.version;
  return Error{
      Code::kConflict, fmt::format("dpkg was interrupted: it says docmind {} is {}", state.version, state.status),
      state.reinstall ? "Put one in place whole: dpkg --install and the package's file, the older one or the one "
                        "there was; then systemctl start docmind."
                      : "dpkg --configure -a puts that in order; then systemctl start docmind, and docmind "
                        "--version says which one it is."};
}

Result<PackageState> package_state(const RunProgram& run) {
  const std::string line =
      DM_TRY(said(run, {"/usr/bin/dpkg-query", "--show",
                        "--showformat=${Version} ${db:Status-Status} ${db:Status-Eflag}\n", kName}));
  PackageState out;
  std::string flag;
  std::istringstream(line) >> out.version >> out.status >> flag;
  out.reinstall = flag == "reinstreq";
  return out;
}

Result<PackageFile> read_package(const fs::path& file, const RunProgram& run) {
  const std::string shown = sys::printable(file);
  const auto read =
      DM_TRY(run({"/usr/bin/dpkg-deb", "--field", file.string(), "Package", "Version", "Architecture", "Provides"}));
  if (!read.exit.clean()) return Error{Code::kInvalidArgument, shown + " is no Debian package, or it is damaged", ""};
  auto fields = fields_of(read.out);
  if (fields["Package"] != kName) {
    return Error{Code::kInvalidArgument,
                 fmt::format("{} is the package of {}, not of docmind", shown, sys::printable(fields["Package"])), ""};
  }
  const std::string machine = DM_TRY(said(run, {"/usr/bin/dpkg", "--print-architecture"}));
  if (fields["Architecture"] != machine) {
    return Error{
        Code::kInvalidArgument,
        fmt::format("{} is for {}, and this machine is {}", shown, sys::printable(fields["Architecture"]), machine),
        ""};
  }
  return PackageFile{file, fields["Version"], formats_in(fields["Provides"])};
}

Result<PackageFile> older_package(const fs::path& given, const std::string& version, sys::Files& files,
                                  const RunProgram& run) {
  const sys::FileStat stat = DM_TRY(files.stat(given));
  if (stat.kind == sys::FileKind::kFolder) return newest_older(given, version, files, run);
  if (stat.kind != sys::FileKind::kRegular)
    return Error{Code::kInvalidArgument, sys::printable(given) + " is neither a package's file nor a folder", ""};
  PackageFile found = DM_TRY(read_package(given, run));
  if (DM_TRY(is_older(found.version, version, run))) return found;
  return Error{Code::kInvalidArgument,
               fmt::format("{} is docmind {}, not older than {}, which is installed", sys::printable(given),
                           sys::printable(found.version), version),
               "To go forward: apt install that file."};
}

}  // namespace docmind::app
