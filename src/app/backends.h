// What can write answers, as the settings say: our own engine with its chat model, a vLLM or other server with OpenAI's
// API, an Ollama; each with its guard, and the router over them.
//
// Built in order and taken down by its destructor. Thread safety: as its parts.
#pragma once
#include <memory>
#include <vector>

#include "app/layout.h"
#include "base/clock.h"
#include "base/rng.h"
#include "config/settings.h"
#include "llm/chat_model.h"
#include "llm/child/server_child.h"
#include "llm/router/router.h"
#include "net/client.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "server/model_routes.h"
#include "server/routes.h"
#include "sys/environment.h"
#include "sys/files.h"

namespace docmind::app {

struct BackendsDeps {  // All outlive the backends.
  const config::Settings& settings;
  const Layout& layout;
  const sys::Environment& environment;
  const Clock& clock;
  Rng& rng;  // next() from any thread.
  sys::Files& files;
  net::Client& client;
  const obs::Log& log;
  obs::Metrics& metrics;
  bool keeps_up = false;  // As in HolderDeps.
};

// What Backends::open refuses of the settings, without opening anything: for a command's beginning.
Result<> check_backends(const config::Settings& settings);

class Backends {
 public:
  // kInvalidArgument for a setting that names no backend, an address that is none, or another machine's that
  // backends.allow_remote does not name; what the chat model's file fails with.
  static Result<std::unique_ptr<Backends>> open(const BackendsDeps& deps);
  ~Backends();

  router::Router* router();                         // Null when nothing is set up.
  llm::Backend* engine();                           // Our own; null without a chat model.
  child::ServerChild* engine_child();               // Its process; null without one, too.
  std::vector<server::ServedModel> served() const;  // For /v1.
  server::OllamaAccess ollama() const;              // Without models when no Ollama is set up.

 private:
  struct State;
  explicit Backends(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace docmind::app
