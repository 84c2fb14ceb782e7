// Pulling a model: docmind models pull, and POST /api/models/pull.
#include <fmt/format.h>

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

// What the model will be called.
std::string name_of(const cli::ModelsPullOptions& options) {
  if (!options.name.empty()) return options.name;
  if (!options.file.empty()) return fs::path(options.file).stem().string();
  return fs::path(options.repository).filename().string();
}

// Everything of one pull. What has arrived lies in models/.pulls/OWNER--NAME until the model is made of it.
class Pull {
 public:
  Pull(const cli::ModelsPullOptions& options, const ModelWork& work, sys::Files& files, hub::Hub& hub)
      : options_(options), work_(work), files_(files), hub_(hub), models_(work.layout.models, files) {}

  Result<model::ModelCard> run() {
    const auto listing = DM_TRY(hub_.list(options_.repository, options_.revision, fetching("")));
    source_ = options_.repository + "@" + listing.commit;
    revision_ = listing.commit;
    model::ModelCard card = options_.file.empty() ? DM_TRY(pull_checkpoint(listing)) : DM_TRY(pull_file());
    std::error_code ignored;  // What stays behind costs only space.
    fs::remove_all(folder(), ignored);
    return card;
  }

 private:
  fs::path folder() const {
    std::string own = options_.repository;
    own.replace(own.find('/'), 1, "--");
    return models_.path() / ".pulls" / own;
  }

  Result<model::ModelCard> pull_file() {
    const fs::path file = DM_TRY(fetch(options_.file));
    return models_.adopt(file, source_ + ":" + options_.file, name_of(options_), work_.stop);
  }

  Result<model::ModelCard> pull_checkpoint(const hub::Listing& listing) {
    for (const std::string& path : DM_TRY(model::checkpoint_files(listing.files))) DM_TRY(fetch(path));
    cli::ModelsImportOptions import;
    import.source = folder().string();
    import.name = name_of(options_);
    import.type = options_.type;
    import.loss = options_.loss;
    model::ModelCard card = DM_TRY(import_with_card(import, DM_TRY(type_named(options_.type)), work_));
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
    if (!path.empty()) options.progress = work_.progress("pulling " + sys::printable(path));
    options.on_retry = work_.waits;
    options.stop = work_.stop;
    return options;
  }

  const cli::ModelsPullOptions& options_;
  const ModelWork& work_;
  sys::Files& files_;
  hub::Hub& hub_;
  model::ModelFolder models_;
  std::string source_;
  std::string revision_;  // A commit: all files are of one.
};

Result<> wait_for(Duration pause, const Clock& clock, std::stop_token stop) {
  const auto waited = exec::rest(Deadline::in(pause, clock), std::move(stop));
  if (waited == exec::Waited::kStopped) return exec::error_of(waited, "pulling");
  return {};
}

}  // namespace

Result<> check_pull(const cli::ModelsPullOptions& options, const config::Settings::Models& settings,
                    const Layout& layout) {
  if (settings.endpoint.empty()) {
    return Error{Code::kInvalidArgument, "No model hub is set, and DocMind asks no other machine on its own.",
                 "Give a hub's address with --from URL, or set models.endpoint."};
  }
  DM_TRY(net::web_address(settings.endpoint));
  DM_TRY(hub::check_repository(options.repository));
  DM_TRY(hub::check_revision(options.revision));
  if (!options.file.empty()) DM_TRY(hub::check_file(options.file));
  if (!options.file.empty() && !options.file.ends_with(".gguf")) {
    return Error{Code::kInvalidArgument, "A single file must be a GGUF file.",
                 "Name a .gguf file, or none to pull the repository's checkpoint."};
  }
  DM_TRY(type_named(options.type));
  sys::RealFiles files;
  return model::ModelFolder(layout.models, files).check_free(name_of(options));
}

Result<model::ModelCard> pull_with_card(const cli::ModelsPullOptions& options, const config::Settings::Models& settings,
                                        const Clock& clock, const ModelWork& work) {
  DM_TRY(check_pull(options, settings, work.layout));
  sys::RealFiles files;
  const auto web = DM_TRY(net::CurlWeb::open(clock, settings.ca_file));
  auto hub = DM_TRY(hub::Hub::open({.endpoint = settings.endpoint, .idle = settings.idle},
                                   {*web, files, [&clock](Duration pause, std::stop_token stop) {
                                      return wait_for(pause, clock, std::move(stop));
                                    }}));
  return Pull(options, work, files, hub).run();
}

int pull_model(const cli::ModelsPullOptions& options, const config::Settings::Models& settings, const Clock& clock,
               const ModelsContext& context) {
  const auto card = pull_with_card(options, settings, clock, on_terminal(context));
  if (!card) return cli::report(card.error(), context.here);
  return show(*card, context.layout.models / (card->name + ".gguf"), context.here);
}

}  // namespace docmind::app
