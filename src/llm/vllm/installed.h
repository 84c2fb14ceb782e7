// Which vLLM a program is, and which flags it knows: asked once, as that takes it a quarter of a minute, and
// remembered.
//
// Pure but for ask_installed(), which runs the program. What was learnt is kept in a file (JSON) by the program's path,
// size and time; a file that is none of that is as good as absent. Bounded: 4 MiB of help, 4,096 flags.
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/result.h"
#include "sys/files.h"

namespace docmind::vllm {

enum class Build : std::uint8_t { kDevice, kCpu };

using Flags = std::set<std::string, std::less<>>;

struct Installed {
  std::string version{};  // "0.32.0+cpu"; empty: it does not say.
  Build build = Build::kDevice;
  Flags flags{};  // "--max-model-len", "--no-enable-prefix-caching"

  bool knows(std::string_view flag) const { return flags.contains(flag); }
};

// The flags that `vllm serve --help=all` lists.
Flags flags_in(std::string_view help);

// The version that the package beside the program has, without running it; empty when it is not found out so.
std::string packaged_version(sys::Files& files, const std::filesystem::path& program);
Build build_of(std::string_view version);

struct AskInstalled {
  std::filesystem::path program{};         // Absolute.
  std::filesystem::path memo{};            // Where the answer is kept.
  std::vector<std::string> environment{};  // For the program: "NAME=value", all of it.
};

// kNotFound when there is no such program; kUnavailable when it does not list its flags.
Result<Installed> ask_installed(const AskInstalled& ask, sys::Files& files, Deadline deadline, std::stop_token stop);

}  // namespace docmind::vllm
