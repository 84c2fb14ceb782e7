#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/json.hpp>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"

namespace docmind::model {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // The limit of the reference reader.
constexpr std::size_t kMaxDims = 8;

Error broken(const std::string& what) {
  return {Code::kDataLoss, "The model file is damaged: " + what + ".", "Download or copy it again."};
}

struct DtypeFacts {
  std::string_view name;
  std::uint64_t width;  // Bytes.
  Dtype dtype;
};
constexpr std::array<DtypeFacts, 15> kDtypes{{{"F32", 4, Dtype::kF32},
                                              {"F16", 2, Dtype::kF16},
                                              {"BF16", 2, Dtype::kBf16},
                                              {"F8_E4M3", 1, Dtype::kF8E4m3},
                                              {"F8_E5M2", 1, Dtype::kOther},
                                              {"F64", 8, Dtype::kOther},
                                              {"I64", 8, Dtype::kOther},
                                              {"U64", 8, Dtype::kOther},
                                              {"I32", 4, Dtype::kOther},
                                              {"U32", 4, Dtype::kOther},
                                              {"I16", 2, Dtype::kOther},
                                              {"U16", 2, Dtype::kOther},
                                              {"I8", 1, Dtype::kOther},
                                              {"U8", 1, Dtype::kOther},
                                              {"BOOL", 1, Dtype::kOther}}};

const DtypeFacts* dtype_named(std::string_view name) {
  const auto it = std::ranges::find(kDtypes, name, &DtypeFacts::name);
  return it == kDtypes.end() ? nullptr : &*it;
}

std::optional<std::uint64_t> unsigned_of(const json::value& value) {
  if (const auto* i = value.if_int64(); i != nullptr && *i >= 0) return static_cast<std::uint64_t>(*i);
  if (const auto* u = value.if_uint64()) return *u;
  return std::nullopt;
}

// Product of the shape, or nothing when it does not fit 64 bits.
std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& shape) {
  std::uint64_t n = 1;
  for (const std::uint64_t d : shape) {
    if (__builtin_mul_overflow(n, d, &n)) return std::nullopt;
  }
  return n;
}

struct Placed {
  TensorInfo tensor;
  std::uint64_t begin = 0;  // Bytes from the start of the data part.
  std::uint64_t end = 0;
};

Result<Placed> tensor_of(std::string_view name, const json::value& value, std::string_view data) {
  const std::string quoted = "tensor \"" + std::string(name) + "\"";
  const auto* object = value.if_object();
  const auto* dtype = object != nullptr ? object->if_contains("dtype") : nullptr;
  const auto* shape = object != nullptr ? object->if_contains("shape") : nullptr;
  const auto* offsets = object != nullptr ? object->if_contains("data_offsets") : nullptr;
  if (dtype == nullptr || !dtype->is_string() || shape == nullptr || !shape->is_array() || offsets == nullptr ||
      !offsets->is_array() || offsets->get_array().size() != 2 || shape->get_array().size() > kMaxDims) {
    return broken(quoted + " has no proper dtype, shape and data_offsets");
  }
  Placed placed{.tensor = {.name = std::string(name), .dtype_name = std::string(dtype->get_string())}};
  for (const json::value& d : shape->get_array()) {
    const auto size = unsigned_of(d);
    if (!size) return broken(quoted + " has a shape that is not made of sizes");
    placed.tensor.shape.push_back(*size);
  }
  const auto begin = unsigned_of(offsets->get_array()[0]);
  const auto end = unsigned_of(offsets->get_array()[1]);
  if (!begin || !end || *begin > *end || *end > data.size()) return broken(quoted + " lies outside of the file");
  placed.begin = *begin;
  placed.end = *end;
  placed.tensor.bytes = data.substr(*begin, *end - *begin);
  const auto elements = product(placed.tensor.shape);
  if (!elements) return broken(quoted + " is larger than any file");
  if (const DtypeFacts* known = dtype_named(placed.tensor.dtype_name); known != nullptr) {
    placed.tensor.dtype = known->dtype;
    if (*elements > placed.tensor.bytes.size() || *elements * known->width != placed.tensor.bytes.size()) {
      return broken(quoted + " has another size than its shape says");
    }
  }
  return placed;
}

// Sorted by place; together they cover the data part exactly, as the format demands.
Result<> check_cover(std::vector<Placed>& tensors, std::uint64_t data_size) {
  std::ranges::sort(tensors, {}, [](const Placed& t) { return std::pair(t.begin, t.end); });
  std::uint64_t at = 0;
  for (const Placed& t : tensors) {
    if (t.begin != at) return broken("tensor \"" + t.tensor.name + "\" overlaps another or leaves a hole");
    at = t.end;
  }
  if (at != data_size) return broken("its tensors do not fill it");
  return {};
}

float half_to_float(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000U) << 16U;
  const std::uint32_t exponent = (h >> 10U) & 0x1fU;
  const std::uint32_t mantissa = h & 0x3ffU;
  if (exponent == 0) {  // Zero and subnormals: mantissa * 2^-24.
    const float value = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 0xffU : exponent + 112U;
  return std::bit_cast<float>(sign | (wide << 23U) | (mantissa << 13U));
}

// OCP 8-bit floating point, E4M3: exponent bias 7, no infinities, NaN with all bits set but the sign.
float e4m3_to_float(std::uint8_t bits) {
  const std::uint32_t exponent = (bits >> 3U) & 0xfU;
  const std::uint32_t mantissa = bits & 7U;
  float value = std::numeric_limits<float>::quiet_NaN();
  if (exponent == 0) {
    value = static_cast<float>(mantissa) * 0x1p-9F;
  } else if (exponent != 15 || mantissa != 7) {
    value = std::bit_cast<float>(((exponent + 120U) << 23U) | (mantissa << 20U));
  }
  return (bits & 0x80U) != 0 ? -value : value;
}

std::array<float, 256> e4m3_table() {
  std::array<float, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = e4m3_to_float(static_cast<std::uint8_t>(i));
  return table;
}

std::uint64_t little_endian_u64(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::uint16_t half_at(const char* bytes) {
  std::uint16_t half = 0;
  std::memcpy(&half, bytes, sizeof half);
  return half;
}

}  // namespace

std::uint64_t TensorInfo::elements() const { return product(shape).value_or(0); }

Result<std::vector<TensorInfo>> parse_safetensors(std::string_view file) {
  if (file.size() < 8) return broken("it has no header");
  const std::uint64_t header_size = little_endian_u64(file);
  if (header_size > kMaxHeader || header_size > file.size() - 8) {
    return broken("its header is longer than the file or than 100 MB");
  }
  const Result<json::value> root = parse_json(file.substr(8, header_size), {.depth = 8, .bytes = kMaxHeader});
  if (!root || !root->is_object()) return broken("its header is not a JSON object");
  const std::string_view data = file.substr(8 + header_size);
  std::vector<Placed> placed;
  for (const auto& [name, value] : root->get_object()) {
    if (name == "__metadata__") continue;
    placed.push_back(DM_TRY(tensor_of(name, value, data)));
  }
  DM_TRY(check_cover(placed, data.size()));
  std::vector<TensorInfo> tensors;
  for (Placed& p : placed) tensors.push_back(std::move(p.tensor));
  return tensors;
}

void read_floats(const TensorInfo& tensor, std::uint64_t first, std::span<float> out) {
  DM_CHECK(tensor.dtype != Dtype::kOther && first <= tensor.elements() && out.size() <= tensor.elements() - first);
  if (out.empty()) return;
  const char* bytes = tensor.bytes.data();
  switch (tensor.dtype) {
    case Dtype::kF32:
      std::memcpy(out.data(), bytes + 4 * first, 4 * out.size());
      return;
    case Dtype::kF16:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = half_to_float(half_at(bytes + 2 * (first + i)));
      return;
    case Dtype::kBf16:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = std::bit_cast<float>(static_cast<std::uint32_t>(half_at(bytes + 2 * (first + i))) << 16U);
      }
      return;
    case Dtype::kF8E4m3: {
      static const std::array<float, 256> kTable = e4m3_table();
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = kTable[static_cast<unsigned char>(bytes[first + i])];
      return;
    }
    case Dtype::kOther:
      return;
  }
}

}  // namespace docmind::model
