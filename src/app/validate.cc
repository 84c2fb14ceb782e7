#include "app/validate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "app/chat_plan.h"
#include "app/holder.h"
#include "app/settings_object.h"
#include "app/vllm_options.h"
#include "base/ascii.h"
#include "base/json.h"
#include "base/json_members.h"
#include "cli/exit_code.h"
#include "model/kv_size.h"
#include "net/free_port.h"
#include "sys/process.h"
#include "sys/subprocess.h"
#include "validate/database.h"
#include "validate/product.h"
#include "validate/prompt.h"
#include "validate/report.h"
#include "validate/ships.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using validate::Measurements;
using validate::Product;

constexpr auto kPatience = kTrialPatience;
constexpr std::uint32_t kContext = 131'072;
constexpr double kGibibyte = 1U << 30U;

struct Cards {
  std::size_t known = 0;  // To the driver,
  std::size_t used = 0;   // and to our engine.
};

Cards measure_cards(const TrialContext& context, Measurements& out) {
  const auto asked = ask_devices(context.layout, Deadline::in(kPatience, context.clock), context.stop);
  if (!asked) {
    out.failed("gpu_detection", asked.error());
    return {};
  }
  const Cards cards = {json_list(json_member(asked->told, "gpus")).size(),
                       static_cast<std::size_t>(std::ranges::count_if(asked->devices, [](const auto& device) {
                         return device.kind == engine::DeviceKind::kCard;
                       }))};
  const std::string_view problem = json_text(json_member(asked->told, "driver_problem"));
  out.holds(
      "gpu_detection", problem.empty() && cards.used >= cards.known,
      problem.empty() ? fmt::format("{} known to the driver, {} used", cards.known, cards.used) : std::string(problem));
  return cards;
}

// What this command does not measure even on a card.
void leave_to_others(const Cards& cards, Measurements& out) {
  for (const std::string_view id : {"flashinfer_gain", "reranker_throughput", "long_question"}) {
    out.not_here(id, cards.known == 0 ? "no card" : "takes minutes on a card: ./dev bench gpu, docs/validation.md");
  }
}

// The settings a vLLM would be started with. They can be wrong anywhere; that they work can be seen on a card alone.
void measure_vllm(const TrialContext& context, const Cards& cards, Measurements& out) {
  sys::RealFiles files;
  const auto options = vllm_options(context.loaded.settings, context.layout, context.environment, files);
  if (!options) {
    for (const std::string_view id :
         {"vllm_model_fp8", "context_128k", "fp8_quantization", "flashinfer_backend", "gpu_utilization_optimal"}) {
      out.failed(id, options.error());
    }
    return;
  }
  const vllm::VllmService& service = options->server.service;
  const auto set = [&](std::string_view id, bool right, std::string said) {
    if (right && cards.known == 0) return out.not_here(id, fmt::format("set to {}; no card", said));
    out.holds(id, right, std::move(said));
  };
  const std::string model = fs::path(service.model_path).filename().string();
  set("vllm_model_fp8", lowered(model).find("fp8") != std::string::npos, model);
  set("context_128k", service.max_model_len == kContext, fmt::format("{}", service.max_model_len));
  set("fp8_quantization", service.quantization == "fp8", service.quantization);
  set("flashinfer_backend", lowered(service.attention_backend) == "flashinfer", service.attention_backend);
  const double share = service.gpu_memory_utilization;
  constexpr double kLeast = 0.80;
  constexpr double kMost = 0.95;
  if (cards.known == 0 && share >= kLeast && share <= kMost) {
    return out.not_here("gpu_utilization_optimal", fmt::format("set to {}; no card", share));
  }
  out.figure("gpu_utilization_optimal", share);
}

// Of the model the specification names: 36 layers with 8 heads of 128 keys and 128 values.
void measure_keys_and_values(Measurements& out) {
  constexpr model::KvShape kShape = {.layers = 36, .kv_heads = 8, .key_size = 128, .value_size = 128};
  const auto full = model::kv_bytes(kShape, model::KvType::kF16);
  const auto half = model::kv_bytes(kShape, model::KvType::kFp8);
  if (!full || !half) return out.failed("kv_fp8_saving", {Code::kInternal, "the sizes cannot be computed"});
  const double before = static_cast<double>(*full) * kContext / kGibibyte;
  const double after = static_cast<double>(*half) * kContext / kGibibyte;
  out.figure("kv_fp8_saving", 100 * (1 - after / before), fmt::format("{:.1f} GiB to {:.1f}", before, after));
}

Result<> measure_product(const TrialContext& context, const fs::path& folder, const Cards& cards, Measurements& out) {
  const auto trial = DM_TRY(Trial::open(context, folder / "data"));
  out.figure("agents_start", trial->started(), "until requests are taken");
  const Product product = trial->product();
  validate::measure_reading(product, folder / "ships", out);
  validate::measure_search(product, out);
  validate::measure_questions(product, out);
  validate::measure_kept_answers(product, out);
  validate::measure_agents(product, context.loaded.settings.ask.max_parallel_calls, out);
  validate::measure_health(product, cards.known > 0, out);
  validate::measure_settings(product, trial->declared(), out);
  DM_TRY(product.post("/api/sessions/ships/ask", json::object{{"question", validate::ship(0).when_built()}}));
  return {};
}

void damage(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return;
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes << std::string(4096, 'x');
}

// The same data directory once more, its cache damaged.
Result<> measure_restart(const TrialContext& context, const fs::path& folder, Measurements& out) {
  damage(folder / "data" / "cache.db");
  const TimePoint start = context.clock.now();
  const auto trial = DM_TRY(Trial::open(context, folder / "data"));
  const Product product = trial->product();
  const auto documents = DM_TRY(product.get("/api/documents"));
  const auto session = DM_TRY(product.get("/api/sessions/ships"));
  const auto answered = DM_TRY(validate::ask_of_ships(product, 1, Product::Kept::kMay));
  const double took = std::chrono::duration<double>(context.clock.now() - start).count();
  const std::size_t there = json_list(json_member(documents.body, "documents")).size();
  const std::size_t turns = json_list(json_member(session.body, "messages")).size();
  if (there != validate::kShips || turns != 1 || answered.share < 1) {
    out.failed("agents_restart", {Code::kDataLoss, fmt::format("{} of {} documents and {} of 1 turns are left", there,
                                                               validate::kShips, turns)});
  } else {
    out.figure("agents_restart", took, "until the first answer; nothing lost");
  }
  const auto again = DM_TRY(product.ask(validate::ship(0).when_built(), Product::Kept::kMay));
  const std::string_view from = json_text(json_member(again.body, "cache"));
  out.holds("cache_rebuilt", from == "exact",
            from == "exact" ? std::string("an answer was kept again") : std::string("no answer is kept"));
  return {};
}

// A vLLM that nobody runs, and an agent that does not work.
Result<> measure_without(const TrialContext& context, const fs::path& folder, Measurements& out) {
  const std::uint16_t nobody = DM_TRY(net::free_port(0));
  const auto trial =
      DM_TRY(Trial::open(context, folder / "data",
                         {{"vllm.url", fmt::format("http://127.0.0.1:{}", nobody)}, {"ask.without", "query_planner"}}));
  validate::measure_faults(trial->product(), out);
  return {};
}

// GiB in use on all cards.
Result<double> video_memory(const TrialContext& context) {
  const auto asked = DM_TRY(ask_devices(context.layout, Deadline::in(kPatience, context.clock), context.stop));
  double bytes = 0;
  for (const json::value& gpu : json_list(json_member(asked.told, "gpus"))) {
    bytes += static_cast<double>(json_count(json_member(gpu, "memory_total"))) -
             static_cast<double>(json_count(json_member(gpu, "memory_free")));
  }
  return bytes / kGibibyte;
}

// What only a chat model on a card shows.
Result<> measure_card(const TrialContext& context, const Product& product, Measurements& out) {
  const double before = DM_TRY(video_memory(context));
  const validate::Speed speed = DM_TRY(validate::speed_of(product, context.loaded.settings.engine.model));
  const double after = DM_TRY(video_memory(context));
  constexpr double kMebibytes = 1024;
  out.figure("decode_throughput", speed.decode);
  out.figure("prefill_throughput", speed.prefill);
  out.figure("vram_use", after, "all cards");
  out.figure("vram_drift", (after - before) * kMebibytes);
  return {};
}

// The chat model of the settings, in our own engine.
Result<> measure_model(const TrialContext& context, const fs::path& folder, const Cards& cards, Measurements& out) {
  const std::string& model = context.loaded.settings.engine.model;
  if (model.empty()) {
    out.not_here("token_reduction", "no chat model is set (engine.model)");
  } else {
    const auto trial = DM_TRY(Trial::open(context, folder / "data", {{"engine.model", model}}));
    validate::measure_tokens(trial->product(), folder / "ships", out);
    if (cards.known > 0) DM_TRY(measure_card(context, trial->product(), out));
  }
  if (cards.known > 0 && !model.empty()) return {};
  for (const std::string_view id : {"decode_throughput", "prefill_throughput", "vram_use", "vram_drift"}) {
    out.not_here(id, cards.known == 0 ? "no card" : "no chat model is set (engine.model)");
  }
  return {};
}

sys::SubprocessOptions own_program(const TrialContext& context, const fs::path& data, std::vector<std::string> words) {
  sys::SubprocessOptions options;
  options.argv = {context.layout.binary.string(), "--data", data.string()};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.env = {"PATH=/usr/bin:/bin", "HOME=" + data.string(), "XDG_RUNTIME_DIR=" + data.string()};
  return options;
}

// Reads and answers where there is no network at all, not even this machine's own: a namespace of the kernel's.
Result<> measure_offline(const TrialContext& context, const fs::path& folder, Measurements& out) {
  constexpr const char* kAlone = "/usr/bin/unshare";
  const fs::path data = folder / "offline";
  const auto run = [&](std::vector<std::string> words) -> Result<sys::Finished> {
    sys::SubprocessOptions options = own_program(context, data, std::move(words));
    options.argv.insert(options.argv.begin(), {kAlone, "--net", "--map-root-user"});
    return sys::run_process(std::move(options), Deadline::in(kPatience, context.clock), context.stop);
  };
  sys::RealFiles files;
  DM_TRY(files.make_dirs(data));
  auto able = sys::run_process({.argv = {kAlone, "--net", "--map-root-user", "/bin/true"}},
                               Deadline::in(kPatience, context.clock), context.stop);
  if (!able && able.error().code == Code::kCancelled) return able.error();
  if (!able || !able->exit.clean()) {
    out.not_here("offline_operation", "this machine lets nobody make a network namespace");
    return {};
  }
  const validate::Ship one = validate::ship(1);
  const auto read = DM_TRY(run({"ingest", (folder / "ships" / validate::file_of(1)).string(), "--json"}));
  const auto asked = DM_TRY(run({"ask", one.when_built(), "--json"}));
  const auto answer = parse_json(asked.out);
  const bool right = read.exit.clean() && asked.exit.clean() && answer &&
                     json_text(json_member(*answer, "answer")).find(one.year) != std::string_view::npos;
  out.holds("offline_operation", right,
            right ? std::string("read and answered without any network") : sys::describe(asked.exit) + asked.err);
  return {};
}

Result<> measure_cache_server(const TrialContext& context, const fs::path& folder, Measurements& out) {
  constexpr int kAsked = 100;
  const fs::path data = folder / "cache-server";
  sys::RealFiles files;
  DM_TRY(files.make_dirs(data));
  const TimePoint start = context.clock.now();
  const auto server = DM_TRY(sys::Subprocess::start(own_program(context, data, {"cache-server", "--port", "0"})));
  const std::string line = DM_TRY(server->next_line(Deadline::in(kPatience, context.clock), context.stop));
  out.figure("cache_server_start", std::chrono::duration<double>(context.clock.now() - start).count(),
             "until requests are taken");
  const auto port = static_cast<std::uint16_t>(std::atoi(line.substr(line.rfind(':') + 1).c_str()));
  const Product product(context.client, {.port = port}, context.clock, context.stop);
  DM_TRY(product.send("PUT", "/v1/entries/a", json::value("a value")));
  double all = 0;
  for (int i = 0; i < kAsked; ++i) all += DM_TRY(product.get("/v1/entries/a")).milliseconds;
  out.figure("cache_server_hit", all / kAsked, fmt::format("mean of {}", kAsked));
  return {};
}

Result<> measure_all(const TrialContext& context, Measurements& out) {
  const Scratch scratch = DM_TRY(Scratch::make(context.environment));
  const fs::path& folder = scratch.path();
  const Cards cards = measure_cards(context, out);
  leave_to_others(cards, out);
  measure_vllm(context, cards, out);
  measure_keys_and_values(out);
  validate::measure_trimming(context.clock, context.stop, out);
  validate::measure_database(folder, context.clock, context.stop, out);
  DM_TRY(write_ships(folder / "ships"));
  DM_TRY(measure_product(context, folder, cards, out));
  // What one of them fails with is the finding for all that it has not measured.
  const auto part = [&](const Result<>& measured, std::initializer_list<std::string_view> ids) {
    for (const std::string_view id : ids) {
      if (!measured && out.find(id) == nullptr) out.failed(id, measured.error());
    }
  };
  part(measure_restart(context, folder, out), {"agents_restart", "cache_rebuilt"});
  part(measure_without(context, folder, out), {"answers_with_faults", "backend_switch"});
  part(measure_model(context, folder, cards, out),
       {"token_reduction", "decode_throughput", "prefill_throughput", "vram_use", "vram_drift"});
  part(measure_offline(context, folder, out), {"offline_operation"});
  part(measure_cache_server(context, folder, out), {"cache_server_start", "cache_server_hit"});
  if (context.stop.stop_requested()) return Error{Code::kCancelled, "stopped"};
  return {};
}

}  // namespace

int validate(const TrialContext& context) {
  Measurements measured;
  if (const Result<> all = measure_all(context, measured); !all) return cli::report(all.error(), context.here);
  const validate::Report report = validate::judge(measured);
  context.here.terminal.out(context.here.json ? to_text(validate::json_of(report)) + "\n" : validate::text_of(report));
  return report.ready() ? cli::kOk : cli::kQualityLimit;
}

}  // namespace docmind::app
