#include "app/models.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/model_work.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "model/model_folder.h"
#include "sys/files.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

int import_to_folder(const cli::ModelsImportOptions& options, model::WeightType type, const ModelsContext& context) {
  sys::RealFiles files;
  if (auto named = model::check_model_name(options.name); !named) return cli::report(named.error(), context.here);
  const fs::path target = fs::absolute(options.out) / (options.name + ".gguf");
  const auto imported = model::import_model(
      {.source = options.source,
       .target = target.string(),
       .name = options.name,
       .weights = type,
       .write = {.progress = progress_on(context.here.terminal, "importing"), .stop = context.stop}},
      files);
  if (!imported) return cli::report(imported.error(), context.here);
  context.here.terminal.out(target.string() + "\n");
  return cli::kOk;
}

Result<model::ModelCard> quantize_with_card(const cli::ModelsQuantizeOptions& options, const ModelsContext& context) {
  const model::WeightType type = DM_TRY(type_named(options.type));
  sys::RealFiles files;
  model::ModelFolder models(context.layout.models, files);
  const bool is_file = options.source.ends_with(".gguf") || options.source.find('/') != std::string::npos;
  const fs::path source = is_file ? fs::path(options.source) : DM_TRY(find_model(context.layout, options.source));
  const std::string name =
      options.name.empty() ? source.stem().string() + "-" + std::string(model::facts(type).name) : options.name;
  model::ModelCard card =
      DM_TRY(models.quantise(source, options.source, name, type,
                             {.progress = progress_on(context.here.terminal, "quantizing"), .stop = context.stop}));
  if (!options.loss) return card;
  card.loss = DM_TRY(measure(source, models.file_of(name), on_terminal(context)));
  DM_TRY(models.keep(card));
  return card;
}

std::string row_of(const model::ListedModel& listed) {
  if (!listed.file) return fmt::format("{:<32}  {:>9}  {}\n", listed.name, size_text(listed.bytes), listed.why);
  const std::string loss =
      listed.card && listed.card->loss ? fmt::format("  loss {:.2f} %", 100 * listed.card->loss->loss) : "";
  return fmt::format("{:<32}  {:>9}  {:<7} {:<8} {:.2f} B parameters, {} tokens{}{}\n", listed.name,
                     size_text(listed.bytes), listed.file->architecture, listed.file->quantisation,
                     static_cast<double>(listed.file->parameters) / 1e9, listed.file->context, loss,
                     listed.card ? "" : "  no card");
}

}  // namespace

int list_models(const ModelsContext& context) {
  if (context.here.json) {
    auto all = model_list(context.layout);
    if (!all) return cli::report(all.error(), context.here);
    context.here.terminal.out(to_text(json::object{{"models", *std::move(all)}}) + "\n");
    return cli::kOk;
  }
  sys::RealFiles files;
  const auto listed = model::ModelFolder(context.layout.models, files).list();
  if (!listed) return cli::report(listed.error(), context.here);
  for (const model::ListedModel& of : *listed) context.here.terminal.out(row_of(of));
  if (listed->empty()) {
    context.here.terminal.err("No models of your own yet: docmind models import FOLDER --name NAME\n");
  }
  return cli::kOk;
}

int import_model(const cli::ModelsImportOptions& options, const ModelsContext& context) {
  const auto type = type_named(options.type);
  if (!type) return cli::report(type.error(), context.here);
  if (!options.out.empty()) return import_to_folder(options, *type, context);
  const auto card = import_with_card(options, *type, on_terminal(context));
  if (!card) return cli::report(card.error(), context.here);
  return show(*card, context.layout.models / (card->name + ".gguf"), context.here);
}

int quantize_model(const cli::ModelsQuantizeOptions& options, const ModelsContext& context) {
  const auto card = quantize_with_card(options, context);
  if (!card) return cli::report(card.error(), context.here);
  return show(*card, context.layout.models / (card->name + ".gguf"), context.here);
}

int verify_models(const cli::ModelsVerifyOptions& options, const ModelsContext& context) {
  sys::RealFiles files;
  model::ModelFolder models(context.layout.models, files);
  std::vector<std::string> names = options.names;
  if (names.empty()) {
    const auto listed = models.list();
    if (!listed) return cli::report(listed.error(), context.here);
    for (const model::ListedModel& of : *listed) names.push_back(of.name);
  }
  json::array all;
  bool failed = false;
  for (const std::string& name : names) {
    const auto card = models.verify(name, context.stop);
    failed = failed || !card;
    json::object of{{"name", sys::printable(name)}, {"ok", static_cast<bool>(card)}};
    if (!card) of["why"] = card.error().message;
    if (card) of["hash"] = card->hash.hex();
    if (!context.here.json) {
      context.here.terminal.out(fmt::format("{}: {}\n", sys::printable(name), card ? "ok" : card.error().message));
    }
    all.push_back(std::move(of));
  }
  if (context.here.json) context.here.terminal.out(to_text(json::object{{"models", std::move(all)}}) + "\n");
  return failed ? cli::kFailed : cli::kOk;
}

int remove_models(const cli::ModelsRemoveOptions& options, const ModelsContext& context) {
  sys::RealFiles files;
  model::ModelFolder models(context.layout.models, files);
  for (const std::string& name : options.names) {
    if (auto removed = models.remove(name); !removed) return cli::report(removed.error(), context.here);
  }
  if (context.here.json) context.here.terminal.out("{\"removed\":" + std::to_string(options.names.size()) + "}\n");
  return cli::kOk;
}

}  // namespace docmind::app
