// What the engine answers with an embedding model: /v1/embeddings, /tokenize, /v1/models, /health
// (docs/formats/engine.md).
//
// Thread safety: handle() from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/encoder.h"
#include "net/server.h"

namespace docmind::obs {
class Log;
}

namespace docmind::engine {

struct EmbedRoutesOptions {
  std::uint32_t threads = 1;      // For computing.
  std::uint32_t queue_jobs = 64;  // Requests that may wait; beyond them the answer is 429.
  std::function<Result<std::string>(std::stop_token)> model_hash{};  // Hexadecimal, of the file's bytes.
  std::function<void()> exhausted = [] {};  // Memory did not suffice to go on; called once that has been answered.
};

struct EmbedRoutesDeps {  // All outlive the routes.
  const Encoder& encoder;
  const Clock& clock;
  const obs::Log& log;
};

class EmbedRoutes {
 public:
  static Result<std::unique_ptr<EmbedRoutes>> open(EmbedRoutesOptions options, const EmbedRoutesDeps& deps);
  ~EmbedRoutes();
  EmbedRoutes(const EmbedRoutes&) = delete;
  EmbedRoutes& operator=(const EmbedRoutes&) = delete;

  void handle(const net::Request& request, net::ResponseWriter& writer);
  void use_threads(std::uint32_t count);  // From the next pass on, at least one.

 private:
  struct State;
  explicit EmbedRoutes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
