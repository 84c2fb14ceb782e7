// Writes a GGUF file (version 3) from its start to its end: the header, then tensor by tensor, rows converted in pieces
// on several threads. Memory is a few MiB for each thread, whatever the model's size.
//
// Errors: kCancelled (stop), kDataLoss (a number that is not finite), kInvalidArgument (a number that f16 cannot hold),
// those of the file (kResourceExhausted: the disk is full). The file is the caller's to commit.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model_plan.h"

namespace docmind::sys {
class NewFile;
}

namespace docmind::model {

struct OutputTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // The fastest first.
  std::uint32_t type = 0;            // ggml_type
  std::string_view bytes{};          // Copied as they are, unless there is
  // what gives so many numbers from this row on. From several threads at once.
  std::function<Result<>(std::uint64_t first_row, std::span<float> rows)> read{};
  std::function<void()> written{};  // After its last row; may be empty.
};

struct OutputModel {
  std::string entries;  // Keys and values as in the file.
  std::uint64_t entry_count = 0;
  std::vector<OutputTensor> tensors;

  void add(std::string_view key, const MetadataValue& value);
  void add_whole(std::string_view entry);  // GgufEntry::whole
};

// Bytes written and to be written; from the calling thread, about every few MiB and at the end.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct WriteOptions {
  std::size_t threads = 0;  // 0: one per processor, at most 16.
  Progress progress{};
  std::stop_token stop{};
};

// Bytes of the file.
Result<std::uint64_t> write_gguf(const OutputModel& model, sys::NewFile& file, const WriteOptions& options);

}  // namespace docmind::model
