// Has engines that run compute with a share of their threads (docs/formats/engine.md, /threads): told to each life
// once, and again when the share is another one. docmind_engine_threads shows what they say.
//
// Thread safety: one thread. An engine that does not run is not started for it, nor one again whose model has changed.
#pragma once
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "llm/child/server_child.h"
#include "net/client.h"
#include "obs/metrics.h"

namespace docmind::app {

class EngineThreads {
 public:
  EngineThreads(net::Client& client, obs::Metrics& metrics) : client_(client), metrics_(metrics) {}

  // Null: there is none. Else it outlives this. `name`: "chat", in the metric.
  void add(std::string name, child::ServerChild* engine);
  // Every few seconds. What fails is tried again at the next call.
  void use(double share, const Deadline& deadline, const std::stop_token& stop);

 private:
  struct Engine {
    std::string name{};
    child::ServerChild* child = nullptr;
    std::uint64_t life = 0;  // That was told last,
    double share = 0;        // this.
    double threads = 0;      // It says it has; 0: not known.
  };
  void tell(Engine& engine, const child::RunningServer& running, double share, const Deadline& deadline,
            const std::stop_token& stop);

  net::Client& client_;
  obs::Metrics& metrics_;
  std::vector<Engine> engines_{};
};

}  // namespace docmind::app
