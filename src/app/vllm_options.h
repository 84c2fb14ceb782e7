// The settings of a vLLM that DocMind starts, from ours and from the file of vllm.service; and the command that shows
// what they come to.
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "app/layout.h"
#include "base/clock.h"
#include "cli/commands.h"
#include "config/settings.h"
#include "llm/vllm/vllm_server.h"
#include "sys/environment.h"
#include "sys/files.h"

namespace docmind::app {

struct VllmOptions {
  vllm::VllmServerOptions server{};
  std::vector<std::string> warnings{};  // Of names in the file that have no effect.
};

// What is wrong in the file is kInvalidArgument with its line. vllm.program must be set.
Result<VllmOptions> vllm_options(const config::Settings& settings, const Layout& layout,
                                 const sys::Environment& environment, sys::Files& files);

struct VllmCommandContext {
  const config::Settings& settings;
  const Layout& layout;
  const sys::Environment& environment;
  const Clock& clock;
  const cli::Surroundings& here;
  std::stop_token stop;
};

// `docmind backends command vllm`: a shell script that becomes that vLLM, what was left out beside it. The key is in
// neither: it is for the environment of whoever runs it.
int show_vllm_command(const VllmCommandContext& context);

}  // namespace docmind::app
