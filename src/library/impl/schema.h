// The versions of library.db. The page docs/formats/library.md says what tables and columns mean.
#pragma once
#include <cstdint>
#include <vector>

#include "store/database.h"

namespace docmind::library {

inline constexpr std::uint32_t kApplicationId = 0x444d4c42U;  // "DMLB"
inline constexpr const char* kTokenizer = "docmind";

std::vector<store::Migration> migrations();

}  // namespace docmind::library
