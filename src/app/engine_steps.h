// What the engine of the chat model gives up, one thing after another, when memory does not suffice: first of a very
// long context, then precision and speed, then context again, and the cards last.
//
// Each step is in force together with those before it. Thread safety: pure functions; what step_helps() gives is called
// by one thread at a time.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "model/model_file.h"
#include "sys/subprocess.h"

namespace docmind::app {

struct EngineStep {
  std::string name{};                    // For people: "a context of 65536 tokens".
  std::vector<std::string> arguments{};  // They override those before them.
};

// Steps that change nothing are left out.
std::vector<EngineStep> engine_steps(const config::Settings::Engine& engine, const model::ModelFile& file);

// Whether an engine has ended for want of memory: by its own status, aborted with a word of memory, or killed while the
// count of processes that the kernel has ended for it (sys::memory_kills) has grown.
std::function<bool(const sys::Exit& exit, std::string_view said)> ended_for_memory(
    std::function<std::uint64_t()> memory_kills);

}  // namespace docmind::app
