// `docmind rollback program`: an older package of docmind in the place of the installed one, alone or with the data and
// the settings.
//
// Everything that can be known before is looked at before: the package, whether its program takes the settings (it is
// run, unpacked, as the service's user), whether it can read the data. Only then the service is stopped, the data put
// back, the package installed, the service started and waited for. Each error says what is in place then.
// Thread safety: plain functions.
#pragma once
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "app/package_file.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "sys/environment.h"
#include "sys/files.h"

namespace docmind::app {

struct RolledBackProgram {
  std::string from{};  // Versions.
  std::string to{};
  std::filesystem::path package{};
  std::string data{};     // The backup that is in place; empty: the data is as it was.
  std::string undo{};     // What stood there before, as rollback data --to takes it.
  bool settings = false;  // They went back, too.
  std::string service{};  // "ready"; "stopped", as it was before; "none" where systemd does not run.
};

struct ProgramRollbackDeps {  // All outlive the call.
  RunProgram run;             // For what may be stopped,
  RunProgram finish;          // and for what may not.
  sys::Files& files;
  std::filesystem::path binary;   // This program.
  std::filesystem::path config;   // The service's settings file.
  std::filesystem::path scratch;  // An empty folder.
  std::filesystem::path folder;   // What --package is relative to.
  bool root = false;
  bool systemd = false;
  bool flags = false;  // --data or --set: whoever gave them means something else than the service.
  // Of the databases in a data directory: the oldest schema whose program can work on them; and of the backups beside
  // it the one named `to`, else the newest that a program of these formats can read.
  std::function<Result<Formats>(const std::filesystem::path& data)> needs;
  std::function<Result<std::string>(const std::filesystem::path& data, const Formats& formats, const std::string& to)>
      backup_for;
  std::function<bool()> rest;  // A moment between two looks at the service; false: it was looked at long enough.
};

Result<RolledBackProgram> roll_back_program(const cli::RollbackOptions& options, const ProgramRollbackDeps& deps);

struct ProgramRollbackContext {
  const cli::Invocation& asked;
  const sys::Environment& environment;
  const Clock& clock;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// The exit code. Needs no settings that can be loaded by this program.
int roll_back_program(const cli::RollbackOptions& options, const ProgramRollbackContext& context);

}  // namespace docmind::app
