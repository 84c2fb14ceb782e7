// How a `docmind engine` process is kept (llm/child/server_child.h): its command line, its socket, and its model file,
// whose change starts it afresh.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "llm/child/server_child.h"

namespace docmind::llamacpp {

struct EngineChildOptions {
  std::string binary;                                      // The docmind binary.
  std::string model_path;                                  // A GGUF file.
  std::string socket_folder;                               // Where the socket goes; made with mode 0700 when absent.
  std::uint32_t threads = 0;                               // 0: the engine decides.
  std::vector<std::string> arguments{};                    // More, as `docmind engine` takes them.
  std::vector<std::string> environment{};                  // "NAME=value", all that the engine gets.
  std::vector<std::vector<std::string>> step_arguments{};  // Of each of keeping.steps: arguments that override.
  child::ServerChildOptions keeping{.name = "engine"};     // Its launch and stamp are set here.
};

struct EngineChildDeps {  // All outlive the child.
  const Clock& clock;
  Rng& rng;
  sys::Files& files;
  net::Client& client;
  const obs::Log& log;
  obs::Metrics& metrics;
};

// kInvalidArgument when the socket's path would be too long for one.
Result<std::unique_ptr<child::ServerChild>> open_engine_child(EngineChildOptions options, EngineChildDeps deps);

}  // namespace docmind::llamacpp
