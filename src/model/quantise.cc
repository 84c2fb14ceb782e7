#include "model/quantise.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "model/gguf_file.h"
#include "model/model_file.h"
#include "model/tensor_type.h"
#include "sys/files.h"
#include "sys/mapped_file.h"

namespace docmind::model {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::uint32_t, 4> kReadable{GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0};

bool is_matrix(const GgufTensor& tensor) { return tensor.shape.size() > 1 && !is_sensitive(tensor.name); }

Result<> check_source(const GgufFile& gguf) {
  for (const GgufTensor& tensor : gguf.tensors) {
    if (!is_matrix(tensor) || std::ranges::find(kReadable, tensor.type) != kReadable.end()) continue;
    return Error{Code::kInvalidArgument,
                 "This model is already quantised (tensor \"" + std::string(tensor.name) + "\" is " +
                     std::string(tensor_type_name(tensor.type)) + "), and quantising it again would lose twice.",
                 "Start from its f32, f16, bf16 or q8_0 file, or from its checkpoint with docmind models import."};
  }
  return {};
}

// Rows as floats.
auto reader_of(const GgufTensor& tensor) {
  return [bytes = tensor.bytes, type = tensor.type, columns = tensor.columns()](std::uint64_t first_row,
                                                                                std::span<float> rows) -> Result<> {
    const std::uint64_t row = *row_bytes(type, columns);
    const char* from = bytes.data() + first_row * row;
    if (type == kTypeF32) {
      std::memcpy(rows.data(), from, rows.size_bytes());
    } else {
      ggml_get_type_traits(static_cast<ggml_type>(type))
          ->to_float(from, rows.data(), static_cast<std::int64_t>(rows.size()));
    }
    sys::MappedFile::forget({from, rows.size() / columns * row});
    return {};
  };
}

OutputModel output_of(const GgufFile& gguf, const ModelFile& model, const std::string& name, WeightType weights) {
  constexpr std::array<std::string_view, 4> kReplaced{"general.file_type", "general.quantization_version",
                                                      "general.name", "general.alignment"};
  OutputModel out;
  for (const GgufEntry& entry : gguf.entries) {
    if (std::ranges::find(kReplaced, entry.key) == kReplaced.end()) out.add_whole(entry.whole);
  }
  out.add("general.name", name);
  out.add("general.file_type", facts(weights).number);
  out.add("general.quantization_version", std::uint32_t{GGML_QNT_VERSION});
  std::vector<MatrixFacts> matrices;
  for (const GgufTensor& tensor : gguf.tensors) {
    if (is_matrix(tensor)) matrices.push_back({tensor.name, tensor.columns(), tensor.elements()});
  }
  const std::uint32_t heads_per_kv = model.kv_heads == 0 ? 1 : model.heads / model.kv_heads;
  const auto types = recipe(weights, matrices, heads_per_kv);
  std::size_t next = 0;
  for (const GgufTensor& tensor : gguf.tensors) {
    const std::uint32_t type = is_matrix(tensor) ? types[next++] : tensor.type;
    OutputTensor output{.name = std::string(tensor.name), .shape = tensor.shape, .type = type, .bytes = tensor.bytes};
    if (type != tensor.type) output.read = reader_of(tensor);
    output.written = [bytes = tensor.bytes] { sys::MappedFile::forget(bytes); };
    out.tensors.push_back(std::move(output));
  }
  return out;
}

}  // namespace

Result<ImportSummary> quantise_model(const QuantiseOptions& options, sys::Files& files) {
  const fs::path target = options.target;
  const auto source = DM_TRY(sys::MappedFile::open(options.source));
  const GgufFile gguf = DM_TRY(GgufFile::parse(source->bytes()));
  const ModelFile model = DM_TRY(check_model(gguf));
  DM_TRY(check_source(gguf));
  const std::string name = options.name.empty() ? target.stem().string() : options.name;
  const OutputModel output = output_of(gguf, model, name, options.weights);
  if (target.has_parent_path()) DM_TRY(files.make_dirs(target.parent_path()));
  const auto file = DM_TRY(files.create(target));
  ImportSummary summary{.architecture = model.architecture, .tensors = gguf.tensors.size()};
  summary.bytes = DM_TRY(write_gguf(output, *file, options.write));
  DM_TRY(file->commit());
  return summary;
}

}  // namespace docmind::model
