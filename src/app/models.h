// The commands about models: they work on the folder models/ of the data directory, without the server.
//
// Each returns the exit code; 4 when quantising cost more than 2 %.
#pragma once
#include <stop_token>

#include "app/layout.h"
#include "base/clock.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "config/settings.h"

namespace docmind::app {

struct ModelsContext {
  const Layout& layout;
  const cli::Surroundings& here;
  std::stop_token stop;
};

int list_models(const ModelsContext& context);
int import_model(const cli::ModelsImportOptions& options, const ModelsContext& context);
int quantize_model(const cli::ModelsQuantizeOptions& options, const ModelsContext& context);
// From the hub of the settings, and from nowhere when they name none.
int pull_model(const cli::ModelsPullOptions& options, const config::Settings::Models& settings, const Clock& clock,
               const ModelsContext& context);
int verify_models(const cli::ModelsVerifyOptions& options, const ModelsContext& context);
int remove_models(const cli::ModelsRemoveOptions& options, const ModelsContext& context);

}  // namespace docmind::app
