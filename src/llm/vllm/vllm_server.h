// A vLLM that we start, watch and end: child::ServerChild with the command line of command.h and the steps of steps.h.
//
// Before each start it is looked anew at what is installed, at the checkpoint and at the port, so that what was mended
// meanwhile counts. The first look at an installed vLLM takes a quarter of a minute (installed.h). Thread safety: any
// method from any thread.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/rng.h"
#include "llm/child/server_child.h"
#include "llm/vllm/command.h"
#include "llm/vllm/service.h"

namespace docmind::vllm {

struct VllmServerOptions {
  std::filesystem::path program{};       // Absolute.
  VllmService service{};                 // Without an API key: one is made.
  std::filesystem::path folder{};        // Private, made when absent: its home, and what is remembered of the program.
  std::vector<std::string> passed_on{};  // Of our environment: command.h.
  // Put before the command, to end the whole of it with us: a vLLM is several processes (sys/group_leader.h).
  std::vector<std::string> leader{};
  child::ServerChildOptions keeping{};  // Its name, log, limits; the rest is filled in here.
};

// What would be started with the first `step` steps in force. Errors: those of ask_installed() and read_checkpoint().
Result<VllmCommand> plan_command(const VllmServerOptions& options, std::size_t step, sys::Files& files,
                                 Deadline deadline, std::stop_token stop);

class VllmServer {
 public:
  // The deps outlive it.
  static Result<std::unique_ptr<VllmServer>> open(VllmServerOptions options, Rng& rng, child::ServerChildDeps deps);
  ~VllmServer();
  VllmServer(const VllmServer&) = delete;
  VllmServer& operator=(const VllmServer&) = delete;

  child::ServerChild& child();
  const std::string& api_key() const;

 private:
  struct State;
  explicit VllmServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::vllm
