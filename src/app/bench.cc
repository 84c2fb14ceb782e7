#include "app/bench.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>

#include "app/chat_plan.h"
#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"
#include "speed/history.h"
#include "speed/measure.h"
#include "speed/report.h"
#include "sys/machine.h"
#include "validate/ships.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using speed::Samples;
using validate::Product;

// What a name or a file of the settings is called in requests.
std::string asked_as(const std::string& model) {
  return model.ends_with(".gguf") ? fs::path(model).stem().string() : model;
}

// Figures of different machines are not compared: processor, threads, cards.
std::string machine_of(const TrialContext& context) {
  const sys::Machine machine = sys::this_machine();
  std::string out = fmt::format("{}, {} threads", machine.processor.name, machine.processor.usable);
  if (machine.cpu_quota) out += fmt::format(", {} processors allowed", *machine.cpu_quota);
  const auto devices = ask_devices(context.layout, Deadline::in(kTrialPatience, context.clock), context.stop);
  if (!devices) return out;
  for (const json::value& card : json_list(json_member(devices->told, "gpus"))) {
    out += fmt::format(", {}", json_text(json_member(card, "name")));
  }
  return out;
}

struct Bench {
  const TrialContext& context;
  const cli::BenchOptions& options;
  fs::path folder;
  Samples samples{};

  bool asked(std::string_view part) const { return std::ranges::find(options.parts, part) != options.parts.end(); }
  bool any_asked(std::initializer_list<std::string_view> parts) const {
    return std::ranges::any_of(parts, [&](std::string_view part) { return asked(part); });
  }
  void not_here(std::string_view part, const std::string& why) {
    for (const speed::Figure& one : speed::figures()) {
      if (one.part == part) samples.not_here(one.id, why);
    }
  }
  // The parts of a round one after the other, round after round: what else the machine does meanwhile meets all alike.
  void rounds(const std::function<void(std::size_t)>& round) {
    for (std::size_t i = 0; i < options.rounds && !context.stop.stop_requested(); ++i) {
      if (context.here.terminal.live) {
        context.here.terminal.err(fmt::format("\rround {} of {} ", i + 1, options.rounds));
      }
      round(i);
    }
    if (context.here.terminal.live) context.here.terminal.err("\r\x1b[K");
  }
};

// Without any model but the embedder.
Result<> measure_plain(Bench& bench) {
  if (!bench.any_asked({"context", "search", "embed", "cache", "agents", "db"})) return {};
  std::unique_ptr<Trial> trial;
  if (bench.any_asked({"search", "embed", "cache", "agents"})) {
    DM_TRY(write_ships(bench.folder / "ships"));
    trial = DM_TRY(Trial::open(bench.context, bench.folder / "data"));
  }
  if (bench.any_asked({"search", "cache", "agents"})) {
    const json::array paths{json::value((bench.folder / "ships").string())};
    DM_TRY(trial->product().post("/api/ingest", json::object{{"paths", paths}}));
  }
  const TrialContext& context = bench.context;
  Samples& samples = bench.samples;
  const std::string embedder = asked_as(context.loaded.settings.embedder.model);
  bench.rounds([&](std::size_t round) {
    if (bench.asked("db")) speed::measure_database(bench.folder, round, context.clock, context.stop, samples);
    if (bench.asked("context")) speed::measure_trimming(context.clock, context.stop, samples);
    if (!trial) return;
    const Product product = trial->product();
    if (bench.asked("search")) speed::measure_search(product, round, samples);
    if (bench.asked("embed")) speed::measure_embedding(product, embedder, round, samples);
    if (bench.asked("cache")) speed::measure_cache(product, round, samples);
    if (bench.asked("agents")) speed::measure_agents(product, round, samples);
  });
  return {};
}

// By the chat model and the reranker of the settings, in our own engine.
Result<> measure_models(Bench& bench) {
  const config::Settings& settings = bench.context.loaded.settings;
  const bool chat = !settings.engine.model.empty() && bench.any_asked({"decode", "prefill", "context"});
  const bool rerank = !settings.reranker.model.empty() && bench.asked("rerank");
  if (settings.engine.model.empty()) {
    for (const std::string_view part : {"decode", "prefill", "context"}) {
      bench.not_here(part, "no chat model is set (engine.model)");
    }
  }
  if (settings.reranker.model.empty()) bench.not_here("rerank", "no reranker is set (reranker.model)");
  if (!chat && !rerank) return {};
  std::vector<config::Flag> models;
  if (chat) models.push_back({"engine.model", settings.engine.model});
  if (rerank) models.push_back({"reranker.model", settings.reranker.model});
  const auto trial = DM_TRY(Trial::open(bench.context, bench.folder / "models", std::move(models)));
  const Product product = trial->product();
  bench.rounds([&](std::size_t round) {
    const std::string model = asked_as(settings.engine.model);
    const std::uint64_t tokens_of_ship = chat ? speed::measure_chat(product, model, round, bench.samples) : 0;
    if (rerank) speed::measure_reranking(product, asked_as(settings.reranker.model), round, bench.samples);
    if (chat && bench.asked("context")) {
      speed::measure_long_contexts(product, model, tokens_of_ship, bench.options.patience, bench.samples);
    }
  });
  return {};
}

std::string models_of(const config::Settings& settings) {
  return fmt::format("{}; {}; {}", asked_as(settings.embedder.model), asked_as(settings.engine.model),
                     asked_as(settings.reranker.model));
}

struct Measured {
  speed::Report report;
  Result<> kept{};
};

Result<Measured> measured(const TrialContext& context, const cli::BenchOptions& options) {
  const Scratch scratch = DM_TRY(Scratch::make(context.environment));
  sys::RealFiles files;
  const fs::path path =
      options.history.empty() ? context.layout.data / "bench.jsonl" : context.here.folder / options.history;
  // Before minutes are spent: a history that cannot be read, or added to, is said at once.
  if (options.keep) DM_TRY(speed::can_add_to_history(files, path));
  const speed::History history = DM_TRY(speed::read_history(files, path));
  if (history.unread > 0) {
    context.here.terminal.err(fmt::format("docmind: {} {} of {} no run of bench, passed by\n", history.unread,
                                          history.unread == 1 ? "line" : "lines", sys::printable(path)));
  }
  Bench bench{context, options, scratch.path()};
  DM_TRY(measure_plain(bench));
  DM_TRY(measure_models(bench));
  if (context.stop.stop_requested()) return Error{Code::kCancelled, "stopped; nothing was kept of this run"};
  const auto at = std::chrono::floor<std::chrono::seconds>(context.clock.wall());
  speed::Run run = speed::run_of(bench.samples, fmt::format("{:%FT%TZ}", at), DOCMIND_VERSION, machine_of(context),
                                 models_of(context.loaded.settings));
  Measured out{speed::report(bench.samples, std::move(run), options.parts, history.runs, options.tolerance / 100)};
  if (options.keep && !out.report.run.figures.empty()) {
    out.kept = speed::add_to_history(files, path, out.report.run).with("this run was not kept");
  }
  return out;
}

}  // namespace

int bench(const TrialContext& context, const cli::BenchOptions& options) {
  const Result<Measured> done = measured(context, options);
  if (!done) return cli::report(done.error(), context.here);
  const speed::Report& report = done->report;
  const cli::Surroundings& here = context.here;
  here.terminal.out(here.json ? to_text(speed::json_of(report)) + "\n" : speed::text_of(report));
  if (!done->kept) {  // One object is on standard output already.
    here.terminal.err(fmt::format("docmind: {}\n", done->kept.error().message));
    return cli::kFailed;
  }
  if (report.failed()) return cli::kFailed;
  return report.worse() ? cli::kQualityLimit : cli::kOk;
}

}  // namespace docmind::app
