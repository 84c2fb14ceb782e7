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

constexpr std::uint64_t kMaxHeader = 100U << 20U;  // The limit of the reference reader.
constexpr std::size_t kMaxDims = 8;

Error broken(const std::string& what) {
  return {Code::kDataLoss, "The model file is damaged: " + what + ".", "Download or copy it again."};
}

std::uint64_t width(Dtype type) { return type == Dtype::kF32 ? 4 : 2; }

Dtype dtype_named(std::string_view name) {
  if (name == "F32") return Dtype::kF32;
  if (name == "F16") return Dtype::kF16;
  if (name == "BF16") return Dtype::kBf16;
  return Dtype::kOther;
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

Result<TensorInfo> tensor_of(std::string_view name, const json::value& value, std::uint64_t data_size) {
  const std::string quoted = "tensor \"" + std::string(name) + "\"";
  const auto* object = value.if_object();
  const auto* dtype = object != nullptr ? object->if_contains("dtype") : nullptr;
  const auto* shape = object != nullptr ? object->if_contains("shape") : nullptr;
  const auto* offsets = object != nullptr ? object->if_contains("data_offsets") : nullptr;
  if (dtype == nullptr || !dtype->is_string() || shape == nullptr || !shape->is_array() || offsets == nullptr ||
      !offsets->is_array() || offsets->get_array().size() != 2 || shape->get_array().size() > kMaxDims) {
    return broken(quoted + " has no proper dtype, shape and data_offsets");
  }
  TensorInfo tensor{.name = std::string(name), .dtype = dtype_named(dtype->get_string())};
  for (const json::value& d : shape->get_array()) {
    const auto size = unsigned_of(d);
    if (!size) return broken(quoted + " has a shape that is not made of sizes");
    tensor.shape.push_back(*size);
  }
  const auto begin = unsigned_of(offsets->get_array()[0]);
  const auto end = unsigned_of(offsets->get_array()[1]);
  if (!begin || !end || *begin > *end || *end > data_size) return broken(quoted + " lies outside of the file");
  tensor.begin = *begin;
  tensor.end = *end;
  const auto elements = product(tensor.shape);
  if (!elements) return broken(quoted + " is larger than any file");
  if (tensor.dtype != Dtype::kOther &&
      (*elements > std::numeric_limits<std::uint64_t>::max() / 4 || *elements * width(tensor.dtype) != *end - *begin)) {
    return broken(quoted + " has another size than its shape says");
  }
  return tensor;
}

// Sorted by place; together they cover the data part exactly, as the format demands.
Result<> check_cover(std::vector<TensorInfo>& tensors, std::uint64_t data_size) {
  std::ranges::sort(tensors, {}, [](const TensorInfo& t) { return std::pair(t.begin, t.end); });
  std::uint64_t at = 0;
  for (const TensorInfo& t : tensors) {
    if (t.begin != at) return broken("tensor \"" + t.name + "\" overlaps another or leaves a hole");
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

std::uint64_t little_endian_u64(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = (value << 8U) | bytes[i];
  return value;
}

}  // namespace

std::uint64_t TensorInfo::elements() const { return product(shape).value_or(0); }

Safetensors::Safetensors(std::ifstream file, std::uint64_t data_start, std::vector<TensorInfo> tensors)
    : file_(std::move(file)), data_start_(data_start), tensors_(std::move(tensors)) {}

Result<std::unique_ptr<Safetensors>> Safetensors::open(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return Error{Code::kNotFound, "The model file " + path + " cannot be opened.", "Check its path and permissions."};
  }
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(file.tellg(), 0));
  std::array<unsigned char, 8> prefix{};
  if (size < prefix.size()) return broken("it has no header");
  file.seekg(0);
  file.read(reinterpret_cast<char*>(prefix.data()), prefix.size());
  const std::uint64_t header_size = little_endian_u64(prefix.data());
  if (!file || header_size > kMaxHeader || header_size > size - prefix.size()) {
    return broken("its header is longer than the file or than 100 MiB");
  }
  std::string header(header_size, '\0');
  if (!file.read(header.data(), static_cast<std::streamsize>(header_size))) return broken("its header cannot be read");

  const Result<json::value> root = parse_json(header, {.depth = 8, .bytes = kMaxHeader});
  if (!root || !root->is_object()) return broken("its header is not a JSON object");
  const std::uint64_t data_start = prefix.size() + header_size;
  std::vector<TensorInfo> tensors;
  for (const auto& [name, value] : root->get_object()) {
    if (name == "__metadata__") continue;
    tensors.push_back(DM_TRY(tensor_of(name, value, size - data_start)));
  }
  DM_TRY(check_cover(tensors, size - data_start));
  return std::unique_ptr<Safetensors>(new Safetensors(std::move(file), data_start, std::move(tensors)));
}

const TensorInfo* Safetensors::find(std::string_view name) const {
  const auto it = std::ranges::find(tensors_, name, &TensorInfo::name);
  return it == tensors_.end() ? nullptr : &*it;
}

Result<std::vector<float>> Safetensors::read_f32(const TensorInfo& tensor) {
  if (tensor.dtype == Dtype::kOther) {
    return Error{Code::kInvalidArgument, "Tensor \"" + tensor.name + "\" has a number format that is not supported.",
                 "Supported are F32, F16 and BF16."};
  }
  std::string bytes(tensor.end - tensor.begin, '\0');
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(data_start_ + tensor.begin));
  if (!file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return broken("tensor \"" + tensor.name + "\" cannot be read");
  }
  std::vector<float> values(tensor.elements());
  if (tensor.dtype == Dtype::kF32) {
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, 2);
    values[i] = tensor.dtype == Dtype::kF16 ? half_to_float(half)
                                            : std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16U);
  }
  return values;
}

}  // namespace docmind::model
