// `docmind chat` and `docmind sessions`: questions one after the other, and what is kept of them (docs/cli.md).
//
// As commands.h: each returns the exit code.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/api.h"
#include "cli/command_line.h"
#include "cli/commands.h"

namespace docmind::cli {

struct Typing {
  // The next line; nothing at the end of input. kCancelled when it was interrupted, kResourceExhausted: a line that is
  // too long and was passed over.
  std::function<Result<std::optional<std::string>>()> next_line;
  bool interactive = false;  // Somebody types: there is a prompt.
  // Interactive, an interrupt ends the answer and not the chat: makes the next request one that can run.
  std::function<void()> go_on{};
};

int chat(Api& api, const ChatOptions& options, const Surroundings& here, const Typing& typing);
int sessions_resume(Api& api, const SessionsResumeOptions& options, const Surroundings& here, const Typing& typing);

int sessions_list(Api& api, const SessionsListOptions& options, const Surroundings& here);
int sessions_show(Api& api, const SessionsShowOptions& options, const Surroundings& here);
int sessions_fork(Api& api, const SessionsForkOptions& options, const Surroundings& here);
int sessions_export(Api& api, const SessionsExportOptions& options, const Surroundings& here);
int sessions_delete(Api& api, const SessionsDeleteOptions& options, const Surroundings& here);

}  // namespace docmind::cli
