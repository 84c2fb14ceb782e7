#include "app/trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "app/settings_object.h"
#include "base/json.h"
#include "validate/ships.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;

// The settings that are not at their default, as flags, but for what would reach beyond the temporary folder or start a
// model: those are validated by themselves. search.k is left to be changed.
std::vector<config::Flag> flags_of(const config::Settings& settings, const fs::path& data) {
  constexpr std::array kLeftOut = {"data",  "engine.model", "reranker.model", "cache.shared", "search.k",    "log.file",
                                   "vllm.", "ollama.",      "vectors.",       "backends.",    "ask.without", "models."};
  std::vector<config::Flag> flags = {{"data", data.string()}};
  const config::Settings defaults;
  for (const config::Declaration& one : config::declarations()) {
    const bool left_out = std::ranges::any_of(kLeftOut, [&](std::string_view what) {
      return what.ends_with('.') ? one.key.starts_with(what) : one.key == what;
    });
    if (!left_out && one.get(settings) != one.get(defaults)) flags.push_back({std::string(one.key), one.get(settings)});
  }
  return flags;
}

}  // namespace

Result<Scratch> Scratch::make(const sys::Environment& environment) {
  const fs::path beside = environment.get_filled("TMPDIR").value_or("/tmp");
  std::string name = (beside / "docmind-trial-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    return Error{Code::kUnavailable, "a temporary folder cannot be made in " + sys::printable(beside),
                 "Set TMPDIR to a folder that can be written."};
  }
  return Scratch(name);
}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<> write_ships(const fs::path& folder) {
  sys::RealFiles files;
  DM_TRY(files.make_dirs(folder));
  for (std::size_t i = 0; i < validate::kShips; ++i) {
    DM_TRY(files.write_atomic(folder / validate::file_of(i), validate::ship(i).document()));
  }
  return {};
}

Result<std::unique_ptr<Trial>> Trial::open(const TrialContext& context, const fs::path& data,
                                           std::vector<config::Flag> more) {
  auto trial = std::unique_ptr<Trial>(new Trial(context));
  trial->sources_.folder = data / "config";
  trial->sources_.flags = flags_of(context.loaded.settings, data);
  for (config::Flag& flag : more) trial->sources_.flags.push_back(std::move(flag));
  sys::RealFiles files;
  trial->loaded_ = DM_TRY(config::load(trial->sources_, files));
  trial->layout_ = DM_TRY(lay_out(data.string(), context.environment));
  trial->layout_.models = context.layout.models;  // An embedder of one's own may be among them.
  const TimePoint start = context.clock.now();
  trial->holder_ = DM_TRY(Holder::open({trial->layout_, trial->sources_, trial->loaded_, trial->environment_,
                                        context.clock, context.client, context.log}));
  trial->started_ = std::chrono::duration<double>(context.clock.now() - start).count();
  return trial;
}

Trial::~Trial() {
  if (holder_) holder_->stop(Deadline::in(kTrialPatience, context_.clock));
}

validate::Product Trial::product() const {
  return {context_.client, {.unix_path = layout_.socket.string()}, context_.clock, context_.stop};
}

boost::json::value Trial::declared() const {
  const auto parsed = parse_json(settings_object(loaded_, loaded_));
  return parsed ? *parsed : boost::json::value(nullptr);
}

}  // namespace docmind::app
