#include "app/model_work.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "cli/exit_code.h"
#include "net/http.h"
#include "sys/files.h"
#include "sys/subprocess.h"

namespace docmind::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t kSmall = 1U << 30U;

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

json::object json_of(const model::ListedModel& listed) {
  json::object out{{"name", listed.name}, {"bytes", listed.bytes}, {"usable", listed.file.has_value()}};
  if (listed.card) out["card"] = card_json(*listed.card);
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

}  // namespace

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

ModelWork on_terminal(const ModelsContext& context) {
  cli::Terminal& terminal = context.here.terminal;
  return {.layout = context.layout,
          .progress = [&terminal](const std::string& what) { return progress_on(terminal, what); },
          .waits =
              [&terminal](const Error& why, Duration pause) {
                terminal.err(fmt::format("{}docmind: {}; next attempt in {} s\n", terminal.live ? "\n" : "",
                                         why.message, std::chrono::duration_cast<std::chrono::seconds>(pause).count()));
              },
          .stop = context.stop};
}

Result<json::array> model_list(const Layout& layout) {
  sys::RealFiles files;
  json::array all;
  for (const model::ListedModel& of : DM_TRY(model::ModelFolder(layout.models, files).list()))
    all.push_back(json_of(of));
  return all;
}

json::object card_json(const model::ModelCard& card) {
  json::object out{{"name", card.name},     {"hash", card.hash.hex()}, {"bytes", card.bytes},
                   {"source", card.source}, {"type", card.type},       {"loss", nullptr}};
  if (card.loss) {
    if (auto loss = parse_json(model::text_of(*card.loss))) out["loss"] = *std::move(loss);
  }
  return out;
}

Result<model::LossReport> measure(const fs::path& reference, const fs::path& file, const ModelWork& work) {
  sys::SubprocessOptions child;
  child.argv = {work.layout.binary.string(), "loss", "--reference=" + reference.string(), "--model=" + file.string()};
  const sys::Finished done = DM_TRY(sys::run_process(std::move(child), Deadline::never(), work.stop));
  if (!done.exit.clean()) {
    if (done.out.starts_with('{')) return net::error_of({.status = 500, .body = done.out});
    return Error{Code::kInternal, "The loss could not be measured: " + sys::describe(done.exit) + ".",
                 "Use --no-loss to leave it out."};
  }
  return model::loss_report_of(done.out);
}

int show(const model::ModelCard& card, const fs::path& file, const cli::Surroundings& here) {
  if (here.json) {
    here.terminal.out(to_text(card_json(card)) + "\n");
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

Result<model::ModelCard> import_with_card(const cli::ModelsImportOptions& options, model::WeightType type,
                                          const ModelWork& work) {
  sys::RealFiles files;
  model::ModelFolder models(work.layout.models, files);
  const auto write = [&](const char* what) {
    return model::WriteOptions{.progress = work.progress(what), .stop = work.stop};
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
  card.loss = DM_TRY(measure(reference.path(), models.file_of(options.name), work));
  DM_TRY(models.keep(card));
  return card;
}

}  // namespace docmind::app
