// ggml's number formats by their numbers: the only place that turns a number out of a file into a ggml_type.
//
// Pure functions, safe for every number.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace docmind::model {

inline constexpr std::uint32_t kTypeF32 = 0;
inline constexpr std::uint32_t kTypeF16 = 1;
inline constexpr std::uint32_t kTypeBf16 = 30;

// Bytes of a row of so many numbers; nothing for a format that ggml has not (or no more) and for a row that is not made
// of whole blocks.
std::optional<std::uint64_t> row_bytes(std::uint32_t type, std::uint64_t columns);

// "q4_K" for example; "unknown".
std::string_view tensor_type_name(std::uint32_t type);

}  // namespace docmind::model
