// /api/backends/ollama: the models of the Ollama that is set up. What takes long (making a model, pulling one) answers
// with "progress" events and then one "done" or one "error" when the client accepts text/event-stream, else at its end.
#include <boost/json.hpp>

#include "base/json.h"
#include "base/json_members.h"
#include "net/sse.h"
#include "server/impl/call.h"
#include "server/routes.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

json::object to_json(const ollama::Progress& at) { return {{"what", at.what}, {"done", at.done}, {"total", at.total}}; }

using Work = std::function<Result<>(const ollama::OnProgress&)>;

// Runs the work and tells of it as the client asked.
Result<Answered> told(const net::Request& request, net::ResponseWriter& out, const json::object& done,
                      const Work& work) {
  if (!wants_events(request)) {
    DM_TRY(work(nullptr));
    return ok(done);
  }
  DM_TRY(begin_events(out));
  // A client that has gone is noticed through the stop token, not here.
  const auto event = [&out](std::string_view name, const std::string& data) {
    (void)out.write(net::sse_text(name, data));
  };
  const Result<> worked = work([&](const ollama::Progress& at) { event("progress", to_text(to_json(at))); });
  if (worked) {
    event("done", to_text(done));
  } else {
    event("error", net::error_body(worked.error()));
  }
  (void)out.end();
  return Answered();
}

}  // namespace

Result<const ollama::OllamaModels*> Routes::ollama() const {
  if (options_.ollama.models != nullptr) return options_.ollama.models;
  return Error{Code::kNotFound, "no Ollama is set up", "Set ollama.program, or ollama.url when one runs already."};
}

Routes::Reply Routes::ollama_models(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  json::array list;
  for (const ollama::ListedModel& one : DM_TRY(models->list(call.deadline, call.stop))) {
    list.push_back({{"name", one.name},
                    {"bytes", one.bytes},
                    {"digest", one.digest},
                    {"family", one.family},
                    {"parameters", one.parameters},
                    {"quantisation", one.quantisation},
                    {"runs_at", one.remote.empty() ? json::value(nullptr) : json::value(one.remote)}});
  }
  return ok(json::object{{"models", std::move(list)}});
}

Routes::Reply Routes::ollama_loaded(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  json::array list;
  for (const ollama::LoadedModel& one : DM_TRY(models->loaded(call.deadline, call.stop))) {
    list.push_back({{"name", one.name},
                    {"bytes", one.bytes},
                    {"bytes_on_device", one.bytes_on_device},
                    {"context", one.context},
                    {"until", one.until}});
  }
  return ok(json::object{{"models", std::move(list)}});
}

Routes::Reply Routes::ollama_create(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  const OllamaAccess& access = options_.ollama;
  std::string file(json_text(json_member(call.body, "file")));
  if (!file.empty()) {
    if (auto refused = path_refused(call, "Run docmind backends ollama create there.")) {
      return Answered(std::move(refused));
    }
  }
  if (file.empty()) file = access.own_file;
  if (file.empty() || !access.file_of) {
    return Error{Code::kInvalidArgument, "it is not said which file the model is made of",
                 "Name a GGUF file or one of docmind models list, or set engine.model."};
  }
  ollama::NewModel model{.file = DM_TRY(access.file_of(file)), .context = access.context};
  if (const auto name = json_text(json_member(call.body, "name")); !name.empty()) model.name = name;
  DM_TRY(ollama::check_name(model.name));
  return told(call.request, call.out, {{"name", model.name}, {"file", model.file.string()}},
              [&](const ollama::OnProgress& on_progress) -> Result<> {
                DM_TRY(models->create(model, on_progress, Deadline::never(), call.stop));
                return {};
              });
}

Routes::Reply Routes::ollama_pull(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  const std::string name(json_text(json_member(call.body, "name")));
  DM_TRY(ollama::check_name(name));
  return told(call.request, call.out, {{"name", name}, {"from", ollama::registry_of(name)}},
              [&](const ollama::OnProgress& on_progress) {
                if (on_progress) {
                  on_progress({.what = "asking " + ollama::registry_of(name) + ", another machine, for " + name});
                }
                return models->pull(name, on_progress, Deadline::never(), call.stop);
              });
}

Routes::Reply Routes::ollama_unload(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  const std::string name(json_text(json_member(call.body, "name")));
  DM_TRY(models->unload(name, call.deadline, call.stop));
  return ok(json::object{{"unloaded", name}});
}

Routes::Reply Routes::ollama_remove(const Call& call) {
  const ollama::OllamaModels* models = DM_TRY(ollama());
  const std::string name(call.request.target.parameter("name").value_or(""));
  DM_TRY(models->remove(name, call.deadline, call.stop));
  return ok(json::object{{"removed", name}});
}

}  // namespace docmind::server
