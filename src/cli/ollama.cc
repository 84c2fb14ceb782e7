// docmind backends ollama: the models of the Ollama that is set up.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <optional>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/impl/request.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

std::string gigabytes(std::uint64_t bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9); }

std::string word(const json::value& one, std::string_view key) { return one_line(text(one, key)); }

std::string render_models(const json::value& body) {
  std::string out;
  for (const json::value& one : list(body, "models")) {
    out += fmt::format("{:<32}  {:>9}  {} {} {}{}\n", word(one, "name"), gigabytes(count(one, "bytes")),
                       word(one, "family"), word(one, "parameters"), word(one, "quantisation"),
                       !text(one, "runs_at").empty() ? "  runs at " + word(one, "runs_at") : "");
  }
  return out.empty() ? "Ollama has no model yet: docmind backends ollama create\n" : out;
}

std::string render_loaded(const json::value& body) {
  std::string out;
  for (const json::value& one : list(body, "models")) {
    const std::uint64_t bytes = count(one, "bytes");
    const std::uint64_t on_device = count(one, "bytes_on_device");
    const std::uint64_t percent = bytes == 0 ? 0 : std::min(bytes, on_device) * 100 / bytes;
    out += fmt::format("{:<32}  {:>9}  {} % on the card, {} tokens, until {}\n", word(one, "name"), gigabytes(bytes),
                       percent, count(one, "context"), word(one, "until"));
  }
  return out.empty() ? "Nothing is loaded.\n" : out;
}

// One line for each thing that is done, redrawn on a terminal.
class StepsView {
 public:
  explicit StepsView(Terminal& terminal) : terminal_(terminal) {}

  void show(const json::value& at) {
    const std::string what = word(at, "what");
    const std::uint64_t done = count(at, "done");
    const std::uint64_t total = count(at, "total");
    const std::uint64_t percent = total == 0 ? 0 : std::min(done, total) * 100 / total;
    const bool same = what == what_;
    if (same && percent / (terminal_.live ? 1 : 10) == percent_ / (terminal_.live ? 1 : 10)) return;
    if (!same) finish();
    what_ = what;
    percent_ = percent;
    const std::string line = total == 0 ? what : fmt::format("{} {} %, of {}", what, percent, gigabytes(total));
    terminal_.err(terminal_.live ? "\r\x1b[K" + line : line + "\n");
    drawn_ = terminal_.live;
  }

  void finish() {
    if (drawn_) terminal_.err("\n");
    drawn_ = false;
  }

 private:
  Terminal& terminal_;
  std::string what_;
  std::uint64_t percent_ = 0;
  bool drawn_ = false;
};

// A request that tells how far it is. What was done, for people, is `said` of its last event.
int watch(Api& api, net::Request request, const Surroundings& here,
          const std::function<std::string(const json::value&)>& said) {
  StepsView view(here.terminal);
  const auto done = followed(api, std::move(request), "done", [&](const json::value& body) { view.show(body); });
  view.finish();
  if (!done) return report(done.error(), here);
  here.terminal.out(here.json ? to_text(*done) + "\n" : said(*done));
  return kOk;
}

std::string file_named(const std::string& given, const Surroundings& here) {
  const bool is_path = given.find('/') != std::string::npos || given.ends_with(".gguf");
  return is_path ? absolute(given, here) : given;
}

int remove_model(Api& api, const std::string& name, const Surroundings& here) {
  net::Request request = get("/api/backends/ollama/models", {{"name", name}});
  request.method = "DELETE";
  return print(api.call(request), here,
               [](const json::value& body) { return "removed " + word(body, "removed") + "\n"; });
}

}  // namespace

int ollama(Api& api, const OllamaOptions& options, const Surroundings& here) {
  switch (options.action) {
    case OllamaAction::kList:
      return print(api.call(get("/api/backends/ollama/models")), here, render_models);
    case OllamaAction::kLoaded:
      return print(api.call(get("/api/backends/ollama/loaded")), here, render_loaded);
    case OllamaAction::kCreate: {
      json::object body;
      if (!options.file.empty()) body["file"] = file_named(options.file, here);
      if (!options.name.empty()) body["name"] = options.name;
      return watch(api, post("/api/backends/ollama/models", body), here, [](const json::value& done) {
        return fmt::format("{} is made of {}\n", word(done, "name"), word(done, "file"));
      });
    }
    case OllamaAction::kPull:
      return watch(api, post("/api/backends/ollama/pull", json::object{{"name", options.name}}), here,
                   [](const json::value& done) { return "pulled " + word(done, "name") + "\n"; });
    case OllamaAction::kUnload:
      return print(api.call(post("/api/backends/ollama/unload", json::object{{"name", options.name}})), here,
                   [](const json::value& body) { return "unloaded " + word(body, "unloaded") + "\n"; });
    case OllamaAction::kRemove:
      return remove_model(api, options.name, here);
  }
  return kFailed;
}

}  // namespace docmind::cli
