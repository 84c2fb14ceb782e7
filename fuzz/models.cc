#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "driver.h"
#include "model/gguf_file.h"
#include "model/model_file.h"
#include "model/safetensors.h"

namespace docmind::fuzz {
namespace {

bool inside(std::string_view part, std::string_view all) {
  return part.empty() || (part.data() >= all.data() && part.data() + part.size() <= all.data() + all.size());
}

}  // namespace

// What parses lies inside the bytes, and what is said about it can be shown.
void fuzz_gguf(std::string_view bytes) {
  const auto file = model::GgufFile::parse(bytes);
  if (!file) {
    DM_CHECK(!file.error().message.empty() && is_utf8(file.error().message));
    return;
  }
  for (const model::GgufEntry& entry : file->entries) {
    DM_CHECK(inside(entry.value, bytes) && inside(entry.whole, bytes));
    for (const std::string_view text : file->texts(entry.key)) DM_CHECK(inside(text, bytes));
    (void)file->integer(entry.key);
    (void)file->number(entry.key);
  }
  for (const model::GgufTensor& tensor : file->tensors) {
    DM_CHECK(inside(tensor.bytes, bytes) && tensor.elements() > 0);
  }
  const auto checked = model::model_file_of(bytes);
  if (checked) {
    DM_CHECK(is_utf8(checked->name) && checked->layers > 0 && checked->bytes == bytes.size());
  } else {
    DM_CHECK(is_utf8(checked.error().message));
  }
}

void fuzz_safetensors(std::string_view bytes) {
  const auto tensors = model::parse_safetensors(bytes);
  if (!tensors) return;
  for (const model::TensorInfo& tensor : *tensors) {
    DM_CHECK(inside(tensor.bytes, bytes));
    if (tensor.dtype == model::Dtype::kOther) continue;
    std::vector<float> numbers(std::min<std::uint64_t>(tensor.elements(), 1000));
    model::read_floats(tensor, tensor.elements() - numbers.size(), numbers);
  }
}

}  // namespace docmind::fuzz
