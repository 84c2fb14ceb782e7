// The passages that one sentence cites, taken apart. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agents/impl/statement.h"
#include "agents/support.h"

namespace docmind::agents {

struct Cited {
  std::vector<const CitedPassage*> evidence{};
  std::vector<Statement> statements{};
  std::vector<std::size_t> passage{};  // Of each statement.
  std::vector<Lexeme> all{};
  std::vector<Lexeme> documents{};  // Words of their names.
  std::string plain_text{};
  bool english = true;
};

// `marks`: 1-based, all within `evidence`, which outlives the result.
Cited read_cited(std::span<const std::uint32_t> marks, std::span<const CitedPassage> evidence);

// Ill-formed UTF-8 as U+FFFD.
std::string well_formed(std::string_view text);

}  // namespace docmind::agents
