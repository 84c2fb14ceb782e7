#include "model/import.h"

#include <ggml.h>

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "model/bert_mapping.h"
#include "model/checkpoint.h"
#include "model/family.h"
#include "model/qwen3_mapping.h"
#include "sys/files.h"
#include "sys/mapped_file.h"

namespace docmind::model {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSettings = 16U << 20U;
constexpr std::uint64_t kMaxVocabulary = 64U << 20U;

// The text of a file that need not be there.
Result<std::string> read_optional(sys::Files& files, const fs::path& path, std::uint64_t limit = kMaxSettings) {
  Result<std::string> text = files.read(path, limit);
  if (!text && text.error().code == Code::kNotFound) return std::string();
  return text;
}

Result<CheckpointTexts> read_texts(sys::Files& files, const fs::path& folder, std::string name) {
  CheckpointTexts texts;
  texts.name = std::move(name);
  texts.config = DM_TRY(files.read(folder / "config.json", kMaxSettings));
  texts.tokenizer = DM_TRY(read_optional(files, folder / "tokenizer.json", kMaxVocabulary));
  texts.tokenizer_config = DM_TRY(read_optional(files, folder / "tokenizer_config.json"));
  texts.vocabulary = DM_TRY(read_optional(files, folder / "vocab.txt", kMaxVocabulary));
  texts.pooling_config = DM_TRY(read_optional(files, folder / "1_Pooling/config.json"));
  texts.generation_config = DM_TRY(read_optional(files, folder / "generation_config.json"));
  texts.chat_template = DM_TRY(read_optional(files, folder / "chat_template.jinja"));
  return texts;
}

Result<ModelPlan> plan(const CheckpointTexts& texts, const Checkpoint& checkpoint) {
  switch (DM_TRY(family_of(texts.config))) {
    case Family::kQwen3:
      return plan_qwen3(texts, checkpoint.tensors());
    case Family::kXlmRoberta:
      return plan_xlm_roberta(texts, checkpoint.tensors());
    case Family::kBert:
      break;
  }
  return plan_bert(texts, checkpoint.tensors());
}

// Reads rows of a planned tensor, with the block scales of FP8 applied.
class RowReader {
 public:
  RowReader(const ModelPlan& plan, const PlannedTensor& planned, const Checkpoint& checkpoint)
      : weights_(*checkpoint.find(planned.source)),
        columns_(planned.shape.back()),
        first_row_(planned.first_row),
        block_rows_(plan.scale_rows),
        block_columns_(plan.scale_columns) {
    if (planned.scale.empty()) return;
    const TensorInfo* scale = checkpoint.find(planned.scale);
    DM_CHECK(scale != nullptr);  // The plan was matched against this checkpoint.
    scales_.resize(scale->elements());
    read_floats(*scale, 0, scales_);
  }

  Result<> operator()(std::uint64_t first_row, std::span<float> rows) const {
    const std::uint64_t row = first_row + first_row_;
    read_floats(weights_, row * columns_, rows);
    const std::uint64_t width = weights_.bytes.size() / weights_.elements();
    sys::MappedFile::forget(weights_.bytes.substr(row * columns_ * width, rows.size() * width));
    if (scales_.empty()) return {};
    const std::uint64_t scales_per_row = (columns_ + block_columns_ - 1) / block_columns_;
    for (std::uint64_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t at = row + i / columns_;
      rows[i] *= scales_[at / block_rows_ * scales_per_row + i % columns_ / block_columns_];
    }
    return {};
  }

 private:
  const TensorInfo& weights_;
  std::uint64_t columns_;
  std::uint64_t first_row_;
  std::uint64_t block_rows_;
  std::uint64_t block_columns_;
  std::vector<float> scales_;
};

// The number format of each tensor, in the plan's order.
std::vector<std::uint32_t> types_of(const ModelPlan& plan, WeightType weights) {
  std::vector<MatrixFacts> matrices;
  for (const PlannedTensor& tensor : plan.tensors) {
    if (tensor.role == TensorRole::kExact) continue;
    matrices.push_back({tensor.target, tensor.shape.back(), tensor.shape[0] * tensor.shape.back()});
  }
  const auto chosen = recipe(weights, matrices, plan.heads_per_kv);
  std::vector<std::uint32_t> types;
  std::size_t next = 0;
  for (const PlannedTensor& tensor : plan.tensors) {
    types.push_back(tensor.role == TensorRole::kExact ? std::uint32_t{GGML_TYPE_F32} : chosen[next++]);
  }
  return types;
}

OutputModel output_of(const ModelPlan& plan, const Checkpoint& checkpoint, WeightType weights) {
  OutputModel out;
  for (const auto& [key, value] : plan.metadata) out.add(key, value);
  out.add("general.file_type", facts(weights).number);
  out.add("general.quantization_version", std::uint32_t{GGML_QNT_VERSION});
  const auto types = types_of(plan, weights);
  for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlannedTensor& planned = plan.tensors[i];
    out.tensors.push_back({.name = planned.target,
                           .shape = {planned.shape.rbegin(), planned.shape.rend()},
                           .type = types[i],
                           .read = RowReader(plan, planned, checkpoint)});
  }
  return out;
}

}  // namespace

Result<ImportSummary> import_model(const ImportOptions& options, sys::Files& files) {
  const fs::path target = options.target;
  const auto checkpoint = DM_TRY(Checkpoint::open(options.source, files));
  const std::string name = options.name.empty() ? target.stem().string() : options.name;
  OutputModel output;
  ImportSummary summary;
  {
    const CheckpointTexts texts = DM_TRY(read_texts(files, checkpoint->folder(), name));
    const ModelPlan planned = DM_TRY(plan(texts, *checkpoint));
    output = output_of(planned, *checkpoint, options.weights);
    summary = {.architecture = planned.architecture, .tensors = planned.tensors.size()};
  }
  if (target.has_parent_path()) DM_TRY(files.make_dirs(target.parent_path()));
  const auto file = DM_TRY(files.create(target));
  summary.bytes = DM_TRY(write_gguf(output, *file, options.write));
  DM_TRY(file->commit());
  return summary;
}

}  // namespace docmind::model
