// Our own bounded reader of a GGUF file (version 3 and 2, little-endian): every size, count, offset, type and string of
// the header is checked before libllama or ggml sees the file.
//
// Layout: "GGUF", u32 version, u64 tensors, u64 keys; keys as (string, u32 type, value); tensors as (string, u32
// dimensions, u64 each, u32 ggml type, u64 offset); padding to general.alignment; the tensors' bytes. A string is a u64
// length and bytes. Source: ggml/include/gguf.h (MIT).
//
// parse() is pure; everything it gives are views into the bytes given, which must outlive it. After parse(): keys and
// tensor names are unique, printable and bounded; a tensor's row is made of whole blocks, its size fits 64 bits and
// lies inside the file; tensors follow each other in order, each padded to the alignment. Errors: kInvalidArgument, one
// sentence that names the key or tensor.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::model {

enum class GgufType : std::uint32_t {  // The format's own numbers.
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kText = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

struct GgufEntry {
  std::string_view key;
  GgufType type = GgufType::kU8;
  GgufType item = GgufType::kU8;  // Of the elements of an array, never kArray; else the same as type.
  std::uint64_t count = 1;        // Elements of an array.
  std::string_view value;         // Its bytes: a number, a text without its length, or an array's elements one by one.
  std::string_view whole;         // Key, type and value, as they are in the file.
};

struct GgufTensor {
  std::string_view name;
  std::uint32_t type = 0;            // ggml_type
  std::vector<std::uint64_t> shape;  // 1 to 4 sizes, the fastest first (the other way round from safetensors).
  std::string_view bytes;

  std::uint64_t elements() const;
  std::uint64_t columns() const { return shape.front(); }
};

struct GgufFile {
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;
  std::vector<GgufEntry> entries;
  std::vector<GgufTensor> tensors;

  static Result<GgufFile> parse(std::string_view bytes);

  const GgufEntry* find(std::string_view key) const;
  const GgufTensor* tensor(std::string_view name) const;

  // Nothing when the key is absent or of another kind (any integer type that is not negative; f32 or f64).
  std::optional<std::uint64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string_view> text(std::string_view key) const;
  std::vector<std::string_view> texts(std::string_view key) const;  // Empty when it is no array of texts.
};

// Of one element of these types in bytes; 0 for texts and arrays.
std::uint64_t width(GgufType type);

}  // namespace docmind::model
