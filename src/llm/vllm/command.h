// The command line and the environment that a vLLM is started with, from its settings and from what is installed.
//
// Pure. Booleans become --flag or --no-flag. A flag that the installed version does not know is left out, and so is
// what a build for the processor has no use for; each of them is told. The environment is made from nothing: no
// variable of ours, no way out of the machine. A key is in the environment alone, since anybody can read a command
// line.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "llm/vllm/checkpoint.h"
#include "llm/vllm/installed.h"
#include "llm/vllm/service.h"

namespace docmind::vllm {

// Where it runs.
struct Place {
  std::filesystem::path program{};       // Absolute.
  std::filesystem::path home{};          // A private folder: caches of compiled kernels.
  std::vector<std::string> passed_on{};  // "NAME=value" of PATH, CUDA_VISIBLE_DEVICES, LD_LIBRARY_PATH, if set.
  std::uint64_t available_memory = 0;    // Bytes.
};

struct VllmCommand {
  std::vector<std::string> argv{};
  std::vector<std::string> environment{};  // "NAME=value"
  std::vector<std::string> left_out{};     // Sentences without a full stop: "engine.swap_space: ..."
};

// What every program of a vLLM gets, whatever it is asked.
std::vector<std::string> base_environment(const Place& place);

// The port of the service must be filled in.
VllmCommand command_of(const VllmService& service, const Checkpoint& checkpoint, const Installed& installed,
                       const Place& place);

}  // namespace docmind::vllm
