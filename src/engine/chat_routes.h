// What the engine answers with a chat model: /v1/chat/completions, /v1/completions, /tokenize, /v1/models, /health
// (docs/formats/engine.md).
//
// Thread safety: handle() from any thread; each request holds one for as long as it lasts, and one more for each answer
// beyond the first ("n"). A client that goes ends its generation within one step of the scheduler.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/rng.h"
#include "engine/causal_model.h"
#include "engine/chat_template.h"
#include "net/server.h"
#include "scheduler/scheduler.h"

namespace docmind::obs {
class Log;
}

namespace docmind::engine {

struct ChatRoutesOptions {
  scheduler::SamplingOptions sampling{};      // Where a request says nothing.
  std::uint32_t max_tokens = 2048;            // Of an answer, where a request says nothing; less where less fits.
  Duration patience = std::chrono::hours(1);  // For one request.
  std::function<Result<std::string>(std::stop_token)> model_hash{};  // Hexadecimal, of the file's bytes.
  std::function<void()> exhausted = [] {};  // Memory did not suffice to go on; called once that has been answered.
};

struct ChatRoutesDeps {  // All outlive the routes.
  const CausalModel& model;
  scheduler::Scheduler& scheduler;
  const Clock& clock;
  Rng& rng;  // For seeds and ids; safe from any thread.
  const obs::Log& log;
};

class ChatRoutes {
 public:
  // kInvalidArgument when the model's template cannot be used.
  static Result<std::unique_ptr<ChatRoutes>> open(ChatRoutesOptions options, const ChatRoutesDeps& deps);
  ~ChatRoutes();
  ChatRoutes(const ChatRoutes&) = delete;
  ChatRoutes& operator=(const ChatRoutes&) = delete;

  void handle(const net::Request& request, net::ResponseWriter& writer);

 private:
  struct State;
  explicit ChatRoutes(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::engine
