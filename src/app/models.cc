#include "app/models.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "cli/exit_code.h"
#include "model/model_folder.h"
#include "net/http.h"
#include "sys/files.h"
#include "sys/subprocess.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kSmall = 1U << 30U;

Result<model::WeightType> type_named(const std::string& name) {
  if (const auto type = model::weight_type_named(name)) return *type;
  std::string known;
  for (const auto& of : model::weight_types()) known += (known.empty() ? "" : ", ") + std::string(of.name);
  return Error{Code::kInvalidArgument, "There is no weight type called " + sys::printable(name) + ".",
               "Choose one of " + known + "."};
}

std::string size_text(std::uint64_t bytes) {
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

// A line that is redrawn on a terminal, else one line every tenth.
model::Progress progress_on(cli::Terminal& terminal, std::string what) {
  return [&terminal, what = std::move(what), last = std::uint64_t{0}](std::uint64_t done, std::uint64_t total) mutable {
    const std::uint64_t percent = total == 0 ? 100 : done * 100 / total;
    const std::uint64_t step = terminal.live ? 1 : 10;
    if (percent / step == last / step) return;
    last = percent;
    const std::string line = fmt::format("{} {} %, {} of {}", what, percent, size_text(done), size_text(total));
    if (!terminal.live) {
      terminal.err(line + "\n");
    } else {
      terminal.err("\r" + line + (done == total ? "\n" : ""));
    }
  };
}

json::object json_of(const model::ModelCard& card) {
  json::object out{{"name", card.name},     {"hash", card.hash.hex()}, {"bytes", card.bytes},
                   {"source", card.source}, {"type", card.type},       {"loss", nullptr}};
  if (card.loss) {
    if (auto loss = parse_json(model::text_of(*card.loss))) out["loss"] = *std::move(loss);
  }
  return out;
}

json::object json_of(const model::ListedModel& listed) {
  json::object out{{"name", listed.name}, {"bytes", listed.bytes}, {"usable", listed.file.has_value()}};
  if (listed.card) out["card"] = json_of(*listed.card);
  if (!listed.file) {
    out["why"] = listed.why;
    return out;
  }
  const model::ModelFile& file = *listed.file;
  out["architecture"] = file.architecture;
  out["purpose"] = file.purpose == model::Purpose::kText        ? "text"
                   : file.purpose == model::Purpose::kEmbedding ? "embedding"
                                                                : "reranking";
  out["quantisation"] = file.quantisation;
  out["parameters"] = file.parameters;
  out["layers"] = file.layers;
  out["dimensions"] = file.dimensions;
  out["context"] = file.context;
  return out;
}

// Measured by a child: libllama ends its process when it finds a mistake in a model.
Result<model::LossReport> measure(const fs::path& reference, const fs::path& file, const ModelsContext& context) {
  sys::SubprocessOptions child;
  child.argv = {context.layout.binary.string(), "loss", "--reference=" + reference.string(),
                "--model=" + file.string()};
  const sys::Finished done = DM_TRY(sys::run_process(std::move(child), Deadline::never(), context.stop));
  if (!done.exit.clean()) {
    if (done.out.starts_with('{')) return net::error_of({.status = 500, .body = done.out});
    return Error{Code::kInternal, "The loss could not be measured: " + sys::describe(done.exit) + ".",
                 "Use --no-loss to leave it out."};
  }
  return model::loss_report_of(done.out);
}

int show(const model::ModelCard& card, const fs::path& file, const cli::Surroundings& here) {
  if (here.json) {
    here.terminal.out(to_text(json_of(card)) + "\n");
  } else {
    here.terminal.out(file.string() + "\n");
    here.terminal.err(fmt::format("{}: {}, {}\n", card.name, card.type, size_text(card.bytes)));
    if (card.loss) here.terminal.err("loss: " + model::sentence_of(*card.loss) + "\n");
  }
  if (!card.loss || card.loss->loss <= model::kMaxLoss) return cli::kOk;
  here.terminal.err(fmt::format("docmind: quantising cost {:.1f} %, more than {:.0f} %; choose a larger type\n",
                                100 * card.loss->loss, 100 * model::kMaxLoss));
  return cli::kQualityLimit;
}

// A file that goes with its owner.
class TemporaryModel {
 public:
  TemporaryModel(fs::path path, sys::Files& files) : path_(std::move(path)), files_(files) {}
  ~TemporaryModel() { (void)static_cast<bool>(files_.remove(path_)); }
  TemporaryModel(const TemporaryModel&) = delete;
  TemporaryModel& operator=(const TemporaryModel&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  sys::Files& files_;
};

bool loses(model::WeightType type) {
  return type != model::WeightType::kF32 && type != model::WeightType::kF16 && type != model::WeightType::kBf16;
}

Result<model::ModelCard> import_with_card(const cli::ModelsImportOptions& options, model::WeightType type,
                                          const ModelsContext& context) {
  sys::RealFiles files;
  model::ModelFolder models(context.layout.models, files);
  const auto write = [&](const char* what) {
    return model::WriteOptions{.progress = progress_on(context.here.terminal, what), .stop = context.stop};
  };
  model::ModelCard card = DM_TRY(models.import(options.source, options.name, type, write("importing")));
  if (!options.loss || !loses(type)) return card;
  // It goes as soon as it has been compared with. Large checkpoints are bf16 or less, small ones often f32.
  const TemporaryModel reference(models.path() / (".reference-" + options.name + ".tmp"), files);
  DM_TRY(model::import_model({.source = options.source,
                              .target = reference.path().string(),
                              .name = options.name,
                              .weights = card.bytes < kSmall ? model::WeightType::kF32 : model::WeightType::kBf16,
                              .write = write("reference")},
                             files));
  card.loss = DM_TRY(measure(reference.path(), models.file_of(options.name), context));
  DM_TRY(models.keep(card));
  return card;
}

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
  card.loss = DM_TRY(measure(source, models.file_of(name), context));
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
  sys::RealFiles files;
  const auto listed = model::ModelFolder(context.layout.models, files).list();
  if (!listed) return cli::report(listed.error(), context.here);
  if (context.here.json) {
    json::array all;
    for (const model::ListedModel& of : *listed) all.push_back(json_of(of));
    context.here.terminal.out(to_text(json::object{{"models", std::move(all)}}) + "\n");
    return cli::kOk;
  }
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
  const auto card = import_with_card(options, *type, context);
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
