// Debian's packages of docmind: the one that is installed, and files of older ones (deb(5), dpkg-deb(1),
// dpkg-query(1)).
//
// A package file is not signed: that it is docmind's is what it says of itself. Whoever may install it says where it
// comes from. Thread safety: plain functions.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/files.h"
#include "sys/subprocess.h"

namespace docmind::app {

// Runs a program, of which the first word is the path, and waits for it.
using RunProgram = std::function<Result<sys::Finished>(std::vector<std::string> words)>;

// The newest schema of each database that a program can work on, by file name. (store::Migration)
using Formats = std::map<std::string, std::uint32_t, std::less<>>;

struct PackageFile {
  std::filesystem::path path{};
  std::string version{};
  Formats formats{};  // What its field Provides says; 1 where it says nothing, as the first ones did not.
};

struct PackageState {
  std::string version{};
  std::string status{};    // As dpkg-query(1) has them: "installed", "unpacked", "half-configured", ...
  bool reinstall = false;  // dpkg has the package in a state from which it can only be installed anew.
  bool whole() const { return status == "installed" && !reinstall; }
};
Result<PackageState> package_state(const RunProgram& run);

// The version of the package that brought this program; kUnavailable when none did, kConflict when dpkg was interrupted
// in the middle of it.
Result<std::string> installed_version(const std::filesystem::path& binary, const RunProgram& run);

// kInvalidArgument when it is no package of docmind for this machine.
Result<PackageFile> read_package(const std::filesystem::path& file, const RunProgram& run);

// Older than `version`: the file `given`, or the newest such one in the folder `given`. kNotFound (none is there),
// kInvalidArgument (it is not older).
Result<PackageFile> older_package(const std::filesystem::path& given, const std::string& version, sys::Files& files,
                                  const RunProgram& run);

// The field Provides: "docmind-library-format (= 2), docmind-sessions-format (= 1)". Pure.
Formats formats_in(std::string_view provides);

}  // namespace docmind::app
