// What the chat model's engine is going to take, computed as the engine does it, before anything is started.
//
// The engine's child is asked for its devices, as only it sees libllama. Thread safety: plain functions.
#pragma once
#include <boost/json/object.hpp>
#include <stop_token>
#include <vector>

#include "app/layout.h"
#include "base/deadline.h"
#include "config/settings.h"
#include "engine/chat_engine.h"

namespace docmind::app {

// Main memory of the models that run beside the chat model: the embedder and the reranker, each 0 when its file
// cannot be read.
std::uint64_t beside_chat(const config::Settings& settings, const Layout& layout);

struct Devices {
  std::vector<engine::ComputeDevice> devices{};
  boost::json::object told{};  // All that the child said (docs/formats/engine.md).
};
// Of this machine and of the libllama beside the binary; kUnavailable when the child fails or hangs.
Result<Devices> ask_devices(const Layout& layout, Deadline deadline, std::stop_token stop);

// How the engine of these settings is opened, as far as memory goes.
engine::ChatEngineOptions memory_options(const config::Settings& settings, const Layout& layout);

Result<engine::MemoryPlan> plan_chat_model(const config::Settings& settings, const Layout& layout,
                                           const model::ModelFile& file,
                                           const std::vector<engine::ComputeDevice>& devices, std::uint64_t available);

}  // namespace docmind::app
