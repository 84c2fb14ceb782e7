#include "model/gguf_file.h"

#include <ggml.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <unordered_set>

#include "base/ascii.h"
#include "base/utf8.h"
#include "model/tensor_type.h"

namespace docmind::model {
namespace {

constexpr std::uint64_t kMaxEntries = 1U << 16U;
constexpr std::uint64_t kMaxTensors = 1U << 16U;
constexpr std::uint64_t kMaxKey = 256;
constexpr std::uint64_t kMaxName = 63;  // GGML_MAX_NAME with its end.
constexpr std::uint64_t kMaxText = 64U << 20U;
constexpr std::uint64_t kMaxItems = 1U << 26U;
constexpr std::uint64_t kMaxAlignment = 1U << 16U;
constexpr std::uint64_t kMaxElements = 1ULL << 60U;  // So that bytes and bits of a tensor fit 64 bits.

Error broken(const std::string& what) {
  return {Code::kInvalidArgument, "The model file is damaged: " + what + ".",
          "Download or copy it again, or import it again from its checkpoint."};
}

std::string quoted(std::string_view name) { return "\"" + std::string(name) + "\""; }

// Names go into messages, file listings and JSON: text of one line.
bool printable_name(std::string_view name, std::uint64_t limit) {
  return !name.empty() && name.size() <= limit && is_utf8(name) && !has_control(name);
}

// Takes what is at the front of the rest of the file; nothing when the file ends before.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : all_(bytes), rest_(bytes) {}

  std::optional<std::string_view> take(std::uint64_t size) {
    if (size > rest_.size()) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <typename Number>
  std::optional<Number> number() {
    const auto bytes = take(sizeof(Number));
    if (!bytes) return std::nullopt;
    Number value;
    std::memcpy(&value, bytes->data(), sizeof value);
    return value;
  }
  std::optional<std::string_view> text(std::uint64_t limit) {
    const auto size = number<std::uint64_t>();
    if (!size || *size > limit) return std::nullopt;
    return take(*size);
  }
  std::uint64_t at() const { return all_.size() - rest_.size(); }
  std::uint64_t left() const { return rest_.size(); }
  std::string_view since(std::uint64_t start) const { return all_.substr(start, at() - start); }

 private:
  std::string_view all_;
  std::string_view rest_;
};

static_assert(std::endian::native == std::endian::little);

Result<GgufType> type_of(std::optional<std::uint32_t> number, const std::string& key) {
  if (!number || *number > static_cast<std::uint32_t>(GgufType::kF64)) {
    return broken("the key " + key + " has no known type");
  }
  return static_cast<GgufType>(*number);
}

bool all_flags(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == 0 || c == 1; });
}

Result<> read_array(Cursor& in, GgufEntry& entry, const std::string& key) {
  entry.item = DM_TRY(type_of(in.number<std::uint32_t>(), key));
  const auto count = in.number<std::uint64_t>();
  if (entry.item == GgufType::kArray) return broken("the key " + key + " is an array of arrays");
  if (!count || *count > kMaxItems) return broken("the key " + key + " says it has more elements than any model");
  entry.count = *count;
  const std::uint64_t start = in.at();
  if (entry.item == GgufType::kText) {
    for (std::uint64_t i = 0; i < entry.count; ++i) {
      if (!in.text(kMaxText)) return broken("the list " + key + " is cut off or has a text without end");
    }
  } else if (!in.take(entry.count * width(entry.item))) {
    return broken("the list " + key + " is cut off");
  }
  entry.value = in.since(start);
  if (entry.item == GgufType::kBool && !all_flags(entry.value)) return broken("the list " + key + " is not yes or no");
  return {};
}

Result<GgufEntry> read_entry(Cursor& in) {
  GgufEntry entry;
  const std::uint64_t start = in.at();
  const auto name = in.text(kMaxKey);
  if (!name || !printable_name(*name, kMaxKey)) return broken("a key of its header is cut off or is not text");
  entry.key = *name;
  const std::string key = quoted(entry.key);
  entry.type = entry.item = DM_TRY(type_of(in.number<std::uint32_t>(), key));
  if (entry.type == GgufType::kArray) {
    DM_TRY(read_array(in, entry, key));
  } else if (entry.type == GgufType::kText) {
    const auto text = in.text(kMaxText);
    if (!text) return broken("the text of " + key + " is cut off");
    entry.value = *text;
  } else {
    const auto value = in.take(width(entry.type));
    if (!value || (entry.type == GgufType::kBool && !all_flags(*value))) {
      return broken("the value of " + key + " is cut off or is not yes or no");
    }
    entry.value = *value;
  }
  entry.whole = in.since(start);
  return entry;
}

Result<std::uint64_t> read_alignment(const GgufFile& file) {
  const GgufEntry* entry = file.find("general.alignment");
  if (entry == nullptr) return file.alignment;
  const std::uint64_t value = entry->type == GgufType::kU32 ? file.integer(entry->key).value_or(0) : 0;
  if (value < 8 || value > kMaxAlignment || !std::has_single_bit(value)) {
    return broken("its general.alignment is not a power of two from 8 to 65536");
  }
  return value;
}

struct Placed {
  GgufTensor tensor;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

Result<Placed> read_tensor(Cursor& in) {
  const auto name = in.text(kMaxKey);
  if (!name || !printable_name(*name, kMaxName)) {
    return broken("the name of a tensor is cut off, longer than 63 bytes or not text");
  }
  Placed placed;
  placed.tensor.name = *name;
  const std::string tensor = "tensor " + quoted(*name);
  const auto dims = in.number<std::uint32_t>();
  if (!dims || *dims < 1 || *dims > GGML_MAX_DIMS) return broken(tensor + " has not 1 to 4 dimensions");
  std::uint64_t elements = 1;
  for (std::uint32_t i = 0; i < *dims; ++i) {
    const auto size = in.number<std::uint64_t>();
    if (!size || *size < 1 || __builtin_mul_overflow(elements, *size, &elements) || elements > kMaxElements) {
      return broken(tensor + " has a shape that no file can hold");
    }
    placed.tensor.shape.push_back(*size);
  }
  const auto type = in.number<std::uint32_t>();
  const auto offset = in.number<std::uint64_t>();
  if (!type || !offset) return broken(tensor + " is cut off");
  const auto row = row_bytes(*type, placed.tensor.columns());
  if (!row) return broken(tensor + " has an unknown number format or a row that is not made of whole blocks");
  placed.tensor.type = *type;
  placed.offset = *offset;
  // At most 2^60 elements of at most 8 bytes, in blocks of less than 2 bytes an element beyond their first: fits.
  placed.size = *row * (elements / placed.tensor.columns());
  return placed;
}

// Where the tensors lie: one after the other, as ggml demands, and inside the file.
Result<> place(GgufFile& file, std::vector<Placed>& read, std::string_view bytes, std::uint64_t header) {
  const std::uint64_t start = (header + file.alignment - 1) / file.alignment * file.alignment;
  if (!read.empty() && start > bytes.size()) return broken("it ends before its first tensor");
  std::uint64_t expected = 0;
  for (Placed& placed : read) {
    const std::string tensor = "tensor " + quoted(placed.tensor.name);
    if (placed.offset != expected) return broken(tensor + " overlaps another, leaves a hole or is not aligned");
    const std::uint64_t room = bytes.size() - start;
    if (placed.offset > room || placed.size > room - placed.offset) {
      return broken("it is cut off: " + tensor + " lies behind its end");
    }
    placed.tensor.bytes = bytes.substr(start + placed.offset, placed.size);
    expected = placed.offset + (placed.size + file.alignment - 1) / file.alignment * file.alignment;
    file.tensors.push_back(std::move(placed.tensor));
  }
  return {};
}

Result<std::uint32_t> read_version(Cursor& in) {
  const auto magic = in.take(4);
  if (!magic || *magic != "GGUF") {
    return Error{Code::kInvalidArgument, "This is not a GGUF model file.",
                 "Name a .gguf file, or make one from a checkpoint with docmind models import."};
  }
  const auto version = in.number<std::uint32_t>();
  if (!version || *version < 2 || *version > 3) {
    return Error{Code::kInvalidArgument, "This GGUF file has a version or a byte order that is not supported.",
                 "Supported are versions 2 and 3, little-endian: convert it again with current tools."};
  }
  return *version;
}

template <typename Number>
std::optional<std::uint64_t> not_negative(std::string_view bytes) {
  Number value;
  std::memcpy(&value, bytes.data(), sizeof value);
  if (value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

}  // namespace

std::uint64_t width(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    case GgufType::kText:
    case GgufType::kArray:
      return 0;
  }
  return 0;
}

std::uint64_t GgufTensor::elements() const {
  std::uint64_t n = 1;
  for (const std::uint64_t size : shape) n *= size;
  return n;
}

Result<GgufFile> GgufFile::parse(std::string_view bytes) {
  Cursor in(bytes);
  GgufFile file;
  file.version = DM_TRY(read_version(in));
  const auto tensors = in.number<std::uint64_t>();
  const auto entries = in.number<std::uint64_t>();
  if (!tensors || !entries || *tensors > kMaxTensors || *entries > kMaxEntries) {
    return broken("it says it has more keys or tensors than any model");
  }
  std::unordered_set<std::string_view> names;
  for (std::uint64_t i = 0; i < *entries; ++i) {
    file.entries.push_back(DM_TRY(read_entry(in)));
    if (!names.insert(file.entries.back().key).second) {
      return broken("the key " + quoted(file.entries.back().key) + " is there twice");
    }
  }
  file.alignment = DM_TRY(read_alignment(file));
  names.clear();
  std::vector<Placed> read;
  for (std::uint64_t i = 0; i < *tensors; ++i) {
    read.push_back(DM_TRY(read_tensor(in)));
    if (!names.insert(read.back().tensor.name).second) {
      return broken("tensor " + quoted(read.back().tensor.name) + " is there twice");
    }
  }
  DM_TRY(place(file, read, bytes, in.at()));
  return file;
}

const GgufEntry* GgufFile::find(std::string_view key) const {
  const auto it = std::ranges::find(entries, key, &GgufEntry::key);
  return it == entries.end() ? nullptr : &*it;
}

const GgufTensor* GgufFile::tensor(std::string_view name) const {
  const auto it = std::ranges::find(tensors, name, &GgufTensor::name);
  return it == tensors.end() ? nullptr : &*it;
}

std::optional<std::uint64_t> GgufFile::integer(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  switch (entry->type) {
    case GgufType::kU8:
      return not_negative<std::uint8_t>(entry->value);
    case GgufType::kI8:
      return not_negative<std::int8_t>(entry->value);
    case GgufType::kU16:
      return not_negative<std::uint16_t>(entry->value);
    case GgufType::kI16:
      return not_negative<std::int16_t>(entry->value);
    case GgufType::kU32:
      return not_negative<std::uint32_t>(entry->value);
    case GgufType::kI32:
      return not_negative<std::int32_t>(entry->value);
    case GgufType::kU64:
      return not_negative<std::uint64_t>(entry->value);
    case GgufType::kI64:
      return not_negative<std::int64_t>(entry->value);
    default:
      return std::nullopt;
  }
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr) return std::nullopt;
  if (entry->type == GgufType::kF32) {
    float value = 0;
    std::memcpy(&value, entry->value.data(), sizeof value);
    return value;
  }
  if (entry->type != GgufType::kF64) return std::nullopt;
  double value = 0;
  std::memcpy(&value, entry->value.data(), sizeof value);
  return value;
}

std::optional<bool> GgufFile::flag(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr || entry->type != GgufType::kBool) return std::nullopt;
  return entry->value.front() != 0;
}

std::optional<std::string_view> GgufFile::text(std::string_view key) const {
  const GgufEntry* entry = find(key);
  if (entry == nullptr || entry->type != GgufType::kText) return std::nullopt;
  return entry->value;
}

std::vector<std::string_view> GgufFile::texts(std::string_view key) const {
  const GgufEntry* entry = find(key);
  std::vector<std::string_view> texts;
  if (entry == nullptr || entry->type != GgufType::kArray || entry->item != GgufType::kText) return texts;
  Cursor in(entry->value);
  // All of them were found when the file was opened.
  for (std::uint64_t i = 0; i < entry->count; ++i) texts.push_back(in.text(kMaxText).value_or(""));
  return texts;
}

}  // namespace docmind::model
