#include "app/model_files.h"

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>
#include <utility>

#include "app/chat_plan.h"
#include "app/model_work.h"
#include "base/json_members.h"
#include "sys/files.h"
#include "sys/process.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string text(const json::object& asked, std::string_view key, std::string otherwise = {}) {
  const auto given = json_text(json_member(asked, key));
  return given.empty() ? std::move(otherwise) : std::string(given);
}

bool loss(const json::object& asked) { return !asked.contains("loss") || json_flag(asked.at("loss")); }

// What of the wish's main memory is the chat model's.
std::uint64_t room(const engine::MemoryWish& wish) {
  const std::uint64_t left = wish.available - std::min(wish.available, wish.beside);
  return wish.main_cap == 0 ? left : std::min(left, wish.main_cap);
}

std::uint64_t all_bytes(const engine::MemoryPlan& plan) {
  return plan.weights + plan.cells + plan.buffers + plan.process;
}

json::object json_of(const engine::MemoryPlan& plan) {
  json::array cards;
  for (const engine::CardPlan& card : plan.cards) {
    cards.push_back(json::object{{"name", card.name}, {"layers", card.layers}, {"bytes", card.bytes}});
  }
  return {{"context", plan.context},
          {"kv_type", engine::name(plan.cell_type)},
          {"weights", plan.weights},
          {"kv", plan.cells},
          {"overhead", plan.buffers + plan.process},
          {"bytes", all_bytes(plan)},
          {"main_memory", plan.main},
          {"cards", std::move(cards)}};
}

Result<json::object> plan_json(const model::ModelFile& file, const engine::MemoryWish& wish) {
  const engine::ModelNeeds needs = DM_TRY(engine::needs_of(file));
  const auto fitting = engine::plan_memory(needs, wish);
  if (!fitting && fitting.error().code != Code::kResourceExhausted) return fitting.error();
  json::object out = json_of(fitting ? *fitting : DM_TRY(engine::plan_unbounded(needs, wish)));
  json::array fixes;
  for (const engine::MemoryPlan& fix : fitting ? std::vector<engine::MemoryPlan>() : alternatives(needs, wish)) {
    fixes.push_back(
        json::object{{"context", fix.context}, {"kv_type", engine::name(fix.cell_type)}, {"bytes", all_bytes(fix)}});
  }
  out["trained_for"] = needs.window;
  out["available"] = room(wish);
  out["cards_available"] =
      std::accumulate(wish.cards.begin(), wish.cards.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const engine::CardMemory& card) { return sum + card.free; });
  out["fits"] = static_cast<bool>(fitting);
  out["why"] = fitting ? json::value(nullptr) : json::value(fitting.error().message);
  out["fixes"] = std::move(fixes);
  return out;
}

// How work of this kind tells a job of itself.
ModelWork work_of(const Layout& layout, const server::JobTold& told, std::stop_token stop) {
  return {.layout = layout,
          .progress =
              [told](const std::string& what) {
                return [told, what](std::uint64_t done, std::uint64_t total) { told.progress(what, done, total); };
              },
          .waits = told.waits,
          .stop = std::move(stop)};
}

}  // namespace

Result<json::array> OwnModelFiles::list() { return model_list(deps_.layout); }

Result<json::object> OwnModelFiles::plan(const json::object& asked, Deadline deadline, std::stop_token stop) {
  config::Settings settings = deps_.written();
  const std::string name = text(asked, "model", settings.engine.model);
  if (name.empty()) {
    return Error{Code::kInvalidArgument, "no chat model is named, and none is set",
                 "Name one of the model files, or set engine.model."};
  }
  settings.engine.kv_cache_dtype = text(asked, "kv_type", settings.engine.kv_cache_dtype);
  if (asked.contains("context")) settings.engine.context = json_small(asked.at("context"));
  const model::ModelFile file = DM_TRY(model::read_model_file(DM_TRY(find_model(deps_.layout, name))));
  const auto machine = ask_devices(deps_.layout, deadline, std::move(stop));
  const engine::MemoryWish wish = DM_TRY(engine::wish_of(
      memory_options(settings, deps_.layout), machine ? machine->devices : std::vector<engine::ComputeDevice>(),
      sys::available_memory() + deps_.engines_hold()));
  json::object out = DM_TRY(plan_json(file, wish));
  out["model"] = name;
  return out;
}

Result<server::JobWork> OwnModelFiles::pull(const json::object& asked) {
  cli::ModelsPullOptions options;
  options.repository = text(asked, "repository");
  options.file = text(asked, "file");
  options.revision = text(asked, "revision", options.revision);
  options.name = text(asked, "name");
  options.type = text(asked, "type", options.type);
  options.loss = loss(asked);
  config::Settings::Models hub = deps_.written().models;
  hub.endpoint = text(asked, "from", hub.endpoint);
  DM_TRY(check_pull(options, hub, deps_.layout));
  return server::JobWork([this, options, hub](const server::JobTold& told, const std::stop_token& stop) {
    const auto card = pull_with_card(options, hub, deps_.clock, work_of(deps_.layout, told, stop));
    return card ? Result<json::object>(card_json(*card)) : Result<json::object>(card.error());
  });
}

Result<server::JobWork> OwnModelFiles::import(const json::object& asked) {
  cli::ModelsImportOptions options;
  options.source = text(asked, "folder");
  options.name = text(asked, "name");
  options.type = text(asked, "type", options.type);
  options.loss = loss(asked);
  if (!fs::path(options.source).is_absolute()) {
    return Error{Code::kInvalidArgument, "that is no folder of this machine", "Give its whole path, from the first /."};
  }
  const model::WeightType type = DM_TRY(type_named(options.type));
  sys::RealFiles files;
  DM_TRY(model::ModelFolder(deps_.layout.models, files).check_free(options.name));
  return server::JobWork([this, options, type](const server::JobTold& told, const std::stop_token& stop) {
    const auto card = import_with_card(options, type, work_of(deps_.layout, told, stop));
    return card ? Result<json::object>(card_json(*card)) : Result<json::object>(card.error());
  });
}

Result<> OwnModelFiles::remove(const std::string& name) {
  sys::RealFiles files;
  model::ModelFolder models(deps_.layout.models, files);
  DM_TRY(model::check_model_name(name));
  std::error_code ignored;
  const config::Settings next = deps_.written();
  for (const config::Settings* settings : {&deps_.in_force, &next}) {
    for (const auto& [key, used] :
         {std::pair<std::string_view, const std::string&>{"engine.model", settings->engine.model},
          {"embedder.model", settings->embedder.model},
          {"reranker.model", settings->reranker.model}}) {
      const bool same = used == name || fs::equivalent(used, models.file_of(name), ignored);
      if (!same || !fs::exists(models.file_of(name), ignored)) continue;
      return Error{
          Code::kConflict, "The model " + name + " is in use: " + std::string(key) + " names it.",
          settings == &next ? "Change that setting first." : "Change that setting and start the server again first."};
    }
  }
  return models.remove(name);
}

}  // namespace docmind::app
