#include "app/engine_threads.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/json_members.h"

namespace docmind::app {

void EngineThreads::add(std::string name, child::ServerChild* engine) {
  if (engine != nullptr) engines_.push_back({.name = std::move(name), .child = engine});
}

void EngineThreads::use(double share, const Deadline& deadline, const std::stop_token& stop) {
  std::map<obs::Labels, double> shown;
  for (Engine& engine : engines_) {
    const auto running = engine.child->running_now();
    if (!running) continue;
    if (running->life != engine.life || share != engine.share) tell(engine, *running, share, deadline, stop);
    if (engine.threads > 0) shown[{{"engine", engine.name}}] = engine.threads;
  }
  metrics_.show("docmind_engine_threads", "That an engine computes with.", shown);
}

void EngineThreads::tell(Engine& engine, const child::RunningServer& running, double share, const Deadline& deadline,
                         const std::stop_token& stop) {
  if (running.life != engine.life) engine.threads = 0;
  net::Request request;
  request.method = "POST";
  request.target.path = "/threads";
  request.headers.set("Content-Type", "application/json");
  request.body = to_text(boost::json::object{{"share", share}});
  const auto answer = client_.call(running.endpoint, request, {.deadline = deadline, .stop = stop, .max_body = 4096});
  if (!answer) return;
  const auto told = parse_json(answer->body);
  if (!told) return;
  engine.threads = json_small(json_member(*told, "threads"));
  engine.life = running.life;
  engine.share = share;
}

}  // namespace docmind::app
