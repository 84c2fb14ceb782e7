// `docmind import`: documents and chats of another system (room imports), put into the library and the sessions by the
// product's own routes.
//
// A second run adds nothing: a document whose bytes the library has is left alone, whatever it is called there, and so
// is a chat that is there. Thread safety: plain functions.
#pragma once
#include "base/clock.h"
#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "imports/found.h"

namespace docmind::app {

// What the folder holds, before the product is asked for. Errors as imports::find().
// `files` outlive what is found.
Result<imports::Found> find_imports(const cli::ImportOptions& options, const cli::Surroundings& here, sys::Files& files,
                                    std::stop_token stop);

// The exit codes: kOk; kSomeFailed when something was left out; kFailed.
int show_imports(const imports::Found& found, const cli::ImportOptions& options, const cli::Surroundings& here);
int import_all(cli::Api& api, imports::Found found, const cli::ImportOptions& options, const cli::Surroundings& here);

}  // namespace docmind::app
