#include "model/gguf_writer.h"

#include <ggml.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <type_traits>

#include "base/check.h"
#include "exec/pool.h"
#include "exec/task_group.h"
#include "model/gguf_file.h"
#include "model/tensor_type.h"
#include "sys/files.h"

namespace docmind::model {
namespace {

constexpr std::uint64_t kAlignment = 32;
constexpr std::uint64_t kPieceNumbers = 1U << 20U;  // Converted at once by one thread: 4 MiB of floats.
constexpr std::uint64_t kCopyBytes = 8U << 20U;
constexpr float kLargestHalf = 65504;

template <typename Number>
void append(std::string& out, Number value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_text(std::string& out, std::string_view text) {
  append(out, std::uint64_t{text.size()});
  out += text;
}

template <typename Number>
void append_array(std::string& out, GgufType item, const std::vector<Number>& values) {
  append(out, GgufType::kArray);
  append(out, item);
  append(out, std::uint64_t{values.size()});
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Number));
}

void append_value(std::string& out, const MetadataValue& value) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::uint32_t>) {
          append(out, GgufType::kU32);
          append(out, v);
        } else if constexpr (std::is_same_v<T, float>) {
          append(out, GgufType::kF32);
          append(out, v);
        } else if constexpr (std::is_same_v<T, bool>) {
          append(out, GgufType::kBool);
          append(out, static_cast<std::uint8_t>(v));
        } else if constexpr (std::is_same_v<T, std::string>) {
          append(out, GgufType::kText);
          append_text(out, v);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          append(out, GgufType::kArray);
          append(out, GgufType::kText);
          append(out, std::uint64_t{v.size()});
          for (const std::string& text : v) append_text(out, text);
        } else if constexpr (std::is_same_v<T, std::vector<std::int32_t>>) {
          append_array(out, GgufType::kI32, v);
        } else if constexpr (std::is_same_v<T, std::vector<float>>) {
          append_array(out, GgufType::kF32, v);
        } else {
          append_array(out, GgufType::kU8, v);
        }
      },
      value);
}

std::uint64_t padded(std::uint64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

std::uint64_t rows_of(const OutputTensor& tensor) {
  std::uint64_t rows = 1;
  for (std::size_t i = 1; i < tensor.shape.size(); ++i) rows *= tensor.shape[i];
  return rows;
}

std::uint64_t row_size(const OutputTensor& tensor) {
  const auto bytes = row_bytes(tensor.type, tensor.shape.front());
  DM_CHECK(bytes.has_value());  // The recipe chose a type that fits.
  return *bytes;
}

std::string header_of(const OutputModel& model) {
  std::string out = "GGUF";
  append(out, std::uint32_t{3});
  append(out, std::uint64_t{model.tensors.size()});
  append(out, model.entry_count);
  out += model.entries;
  std::uint64_t offset = 0;
  for (const OutputTensor& tensor : model.tensors) {
    append_text(out, tensor.name);
    append(out, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const std::uint64_t size : tensor.shape) append(out, size);
    append(out, tensor.type);
    append(out, offset);
    offset += padded(row_size(tensor) * rows_of(tensor));
  }
  out.resize(padded(out.size()), '\0');
  return out;
}

Result<> check_numbers(std::span<const float> numbers, const OutputTensor& tensor) {
  float largest = 0;
  for (const float v : numbers) {
    if (!std::isfinite(v)) {
      return Error{Code::kDataLoss,
                   "The model file is damaged: tensor \"" + tensor.name + "\" holds a number that is not finite.",
                   "Download or copy it again."};
    }
    largest = std::max(largest, std::abs(v));
  }
  if (tensor.type == kTypeF16 && largest > kLargestHalf) {
    return Error{Code::kInvalidArgument, "Tensor \"" + tensor.name + "\" has numbers that f16 cannot hold.",
                 "Choose --type bf16, f32 or q8_0."};
  }
  return {};
}

// One thread's part of a tensor: rows in, bytes out.
struct Piece {
  std::vector<float> numbers;
  std::string bytes;

  Result<> convert(const OutputTensor& tensor, std::uint64_t first_row, std::uint64_t rows) {
    const std::uint64_t columns = tensor.shape.front();
    numbers.resize(rows * columns);
    DM_TRY(tensor.read(first_row, numbers));
    DM_TRY(check_numbers(numbers, tensor));
    bytes.resize(rows * row_size(tensor));
    ggml_quantize_chunk(static_cast<ggml_type>(tensor.type), numbers.data(), bytes.data(), 0,
                        static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), nullptr);
    return {};
  }
};

class Writer {
 public:
  Writer(const OutputModel& model, sys::NewFile& file, const WriteOptions& options, exec::Pool& pool)
      : model_(model), file_(file), options_(options), pool_(pool), pieces_(pool.threads()) {}

  Result<std::uint64_t> write() {
    const std::string header = header_of(model_);
    total_ = header.size();
    for (const OutputTensor& tensor : model_.tensors) total_ += padded(row_size(tensor) * rows_of(tensor));
    DM_TRY(put(header));
    for (const OutputTensor& tensor : model_.tensors) {
      DM_TRY(tensor.read ? convert(tensor) : copy(tensor));
      DM_TRY(put(std::string(padded(done_) - done_, '\0')));
      if (tensor.written) tensor.written();
    }
    DM_CHECK(done_ == total_);
    return total_;
  }

 private:
  Result<> put(std::string_view bytes) {
    DM_TRY(file_.write(bytes));
    done_ += bytes.size();
    if (options_.progress && !bytes.empty()) options_.progress(done_, total_);
    return {};
  }

  Result<> check_stop() const {
    if (!options_.stop.stop_requested()) return {};
    return Error{Code::kCancelled, "Writing the model was stopped.", "Nothing of it was kept; start it again."};
  }

  Result<> copy(const OutputTensor& tensor) {
    DM_CHECK(tensor.bytes.size() == row_size(tensor) * rows_of(tensor));
    for (std::string_view rest = tensor.bytes; !rest.empty();) {
      DM_TRY(check_stop());
      const std::string_view part = rest.substr(0, kCopyBytes);
      DM_TRY(put(part));
      rest.remove_prefix(part.size());
    }
    return {};
  }

  Result<> convert(const OutputTensor& tensor) {
    const std::uint64_t rows = rows_of(tensor);
    const std::uint64_t step = std::max<std::uint64_t>(1, kPieceNumbers / tensor.shape.front());
    for (std::uint64_t row = 0; row < rows;) {
      DM_TRY(check_stop());
      exec::TaskGroup group(pool_, options_.stop);
      std::size_t used = 0;
      for (; used < pieces_.size() && row < rows; ++used) {
        const std::uint64_t count = std::min(step, rows - row);
        group.run([&tensor, &piece = pieces_[used], row, count](const std::stop_token&) {
          return piece.convert(tensor, row, count);
        });
        row += count;
      }
      DM_TRY(group.join());
      for (std::size_t i = 0; i < used; ++i) DM_TRY(put(pieces_[i].bytes));
    }
    return {};
  }

  const OutputModel& model_;
  sys::NewFile& file_;
  const WriteOptions& options_;
  exec::Pool& pool_;
  std::vector<Piece> pieces_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

void OutputModel::add(std::string_view key, const MetadataValue& value) {
  append_text(entries, key);
  append_value(entries, value);
  ++entry_count;
}

void OutputModel::add_whole(std::string_view entry) {
  entries += entry;
  ++entry_count;
}

Result<std::uint64_t> write_gguf(const OutputModel& model, sys::NewFile& file, const WriteOptions& options) {
  const std::size_t processors = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16);
  const auto pool = DM_TRY(exec::Pool::open({.threads = options.threads == 0 ? processors : options.threads}));
  return Writer(model, file, options, *pool).write();
}

}  // namespace docmind::model
