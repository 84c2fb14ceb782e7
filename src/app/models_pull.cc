// docmind models pull.
#include <fmt/format.h>

#include <condition_variable>

#include "app/model_work.h"
#include "exec/wait.h"
#include "hub/hub.h"
#include "hub/names.h"
#include "model/checkpoint_files.h"
#include "net/web.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;

// Everything of one pull. What has arrived lies in models/.pulls/OWNER--NAME until the model is made of it.
class Pull {
 public:
  Pull(const cli::ModelsPullOptions& options, const ModelsContext& context, sys::Files& files, hub::Hub& hub)
      : options_(options), context_(context), files_(files), hub_(hub), models_(context.layout.models, files) {}

  Result<model::ModelCard> run() {
    DM_TRY(hub::check_repository(options_.repository));
    DM_TRY(hub::check_revision(options_.revision));
    if (!options_.file.empty() && !options_.file.ends_with(".gguf")) {
      return Error{Code::kInvalidArgument, "A single file must be a GGUF file.",
                   "Name a .gguf file, or none to pull the repository's checkpoint."};
    }
    const model::WeightType type = DM_TRY(type_named(options_.type));
    DM_TRY(models_.check_free(name()));
    const auto listing = DM_TRY(hub_.list(options_.repository, options_.revision, fetching("")));
    source_ = options_.repository + "@" + listing.commit;
    revision_ = listing.commit;
    model::ModelCard card = options_.file.empty() ? DM_TRY(pull_checkpoint(listing, type)) : DM_TRY(pull_file());
    std::error_code ignored;  // What stays behind costs only space.
    fs::remove_all(folder(), ignored);
    return card;
  }

 private:
  std::string name() const {
    if (!options_.name.empty()) return options_.name;
    if (!options_.file.empty()) return fs::path(options_.file).stem().string();
    return fs::path(options_.repository).filename().string();
  }

  fs::path folder() const {
    std::string own = options_.repository;
    own.replace(own.find('/'), 1, "--");
    return models_.path() / ".pulls" / own;
  }

  Result<model::ModelCard> pull_file() {
    const fs::path file = DM_TRY(fetch(options_.file));
    return models_.adopt(file, source_ + ":" + options_.file, name(), context_.stop);
  }

  Result<model::ModelCard> pull_checkpoint(const hub::Listing& listing, model::WeightType type) {
    for (const std::string& path : DM_TRY(model::checkpoint_files(listing.files))) DM_TRY(fetch(path));
    cli::ModelsImportOptions import;
    import.source = folder().string();
    import.name = name();
    import.type = options_.type;
    import.loss = options_.loss;
    model::ModelCard card = DM_TRY(import_with_card(import, type, context_));
    card.source = source_;
    DM_TRY(models_.keep(card));
    return card;
  }

  Result<fs::path> fetch(const std::string& path) {
    DM_TRY(hub::check_file(path));
    const fs::path target = folder() / path;
    DM_TRY(files_.make_dirs(target.parent_path()));
    hub::FetchOptions options = fetching(path);
    if (!model::holds_weights(path)) options.checksum = hub::Checksum::kIfTold;
    DM_TRY(hub_.fetch({options_.repository, revision_, path}, target, options));
    return target;
  }

  hub::FetchOptions fetching(const std::string& path) const {
    hub::FetchOptions options;
    cli::Terminal& terminal = context_.here.terminal;
    if (!path.empty()) options.progress = progress_on(terminal, "pulling " + sys::printable(path));
    options.on_retry = [&terminal](const Error& why, Duration pause) {
      terminal.err(fmt::format("{}docmind: {}; next attempt in {} s\n", terminal.live ? "\n" : "", why.message,
                               std::chrono::duration_cast<std::chrono::seconds>(pause).count()));
    };
    options.stop = context_.stop;
    return options;
  }

  const cli::ModelsPullOptions& options_;
  const ModelsContext& context_;
  sys::Files& files_;
  hub::Hub& hub_;
  model::ModelFolder models_;
  std::string source_;
  std::string revision_;  // A commit: all files are of one.
};

Result<> wait_for(Duration pause, const Clock& clock, std::stop_token stop) {
  Mutex mutex;
  std::condition_variable_any never;
  MutexLock lock(mutex);
  const auto waited = exec::wait_until(never, lock, Deadline::in(pause, clock), std::move(stop), [] { return false; });
  if (waited == exec::Waited::kStopped) return exec::error_of(waited, "pulling");
  return {};
}

Result<model::ModelCard> pull(const cli::ModelsPullOptions& options, const config::Settings::Models& settings,
                              const Clock& clock, const ModelsContext& context) {
  if (settings.endpoint.empty()) {
    return Error{Code::kInvalidArgument, "No model hub is set, and DocMind asks no other machine on its own.",
                 "Give a hub's address with --from URL, or set models.endpoint."};
  }
  sys::RealFiles files;
  const auto web = DM_TRY(net::CurlWeb::open(clock, settings.ca_file));
  auto hub = DM_TRY(hub::Hub::open({.endpoint = settings.endpoint, .idle = settings.idle},
                                   {*web, files, [&clock](Duration pause, std::stop_token stop) {
                                      return wait_for(pause, clock, std::move(stop));
                                    }}));
  return Pull(options, context, files, hub).run();
}

}  // namespace

int pull_model(const cli::ModelsPullOptions& options, const config::Settings::Models& settings, const Clock& clock,
               const ModelsContext& context) {
  const auto card = pull(options, settings, clock, context);
  if (!card) return cli::report(card.error(), context.here);
  return show(*card, context.layout.models / (card->name + ".gguf"), context.here);
}

}  // namespace docmind::app
