#include "model/import.h"

#include <filesystem>

#include "model/bert_mapping.h"
#include "model/gguf_writer.h"
#include "model/safetensors.h"
#include "sys/files.h"

namespace docmind::model {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSettings = 1U << 20U;
constexpr std::uint64_t kMaxVocabulary = 64U << 20U;

// The text of a file that need not be there.
Result<std::string> read_optional(sys::Files& files, const fs::path& path) {
  Result<std::string> text = files.read(path, kMaxSettings);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

}  // namespace

Result<ImportSummary> import_model(const ImportOptions& options, sys::Files& files) {
  fs::path weights = options.source;
  if (DM_TRY(files.stat(weights)).kind == sys::FileKind::kFolder) weights /= "model.safetensors";
  const fs::path folder = weights.parent_path();

  BertCheckpoint checkpoint;
  checkpoint.name = options.name.empty() ? fs::path(options.target).stem().string() : options.name;
  checkpoint.config = DM_TRY(files.read(folder / "config.json", kMaxSettings));
  checkpoint.vocabulary = DM_TRY(files.read(folder / "vocab.txt", kMaxVocabulary));
  checkpoint.tokenizer_config = DM_TRY(read_optional(files, folder / "tokenizer_config.json"));
  checkpoint.pooling_config = DM_TRY(read_optional(files, folder / "1_Pooling/config.json"));

  const auto source = DM_TRY(Safetensors::open(weights.string()));
  const ModelPlan plan = DM_TRY(plan_bert(checkpoint, source->tensors()));
  const std::string bytes = DM_TRY(gguf_bytes(plan, *source, options.weights));
  const fs::path target = options.target;
  if (target.has_parent_path()) DM_TRY(files.make_dirs(target.parent_path()));
  DM_TRY(files.write_atomic(target, bytes));
  return ImportSummary{plan.architecture, plan.tensors.size(), bytes.size()};
}

}  // namespace docmind::model
