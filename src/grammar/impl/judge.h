// The second opinion on a finished text: whether it is what the grammar was made for, without the automaton.
//
// Immutable: any method from any thread.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "grammar/grammar.h"
#include "grammar/impl/schema.h"

namespace docmind::grammar {

class Judge {
 public:
  virtual ~Judge() = default;
  virtual Result<> validate(std::string_view text) const = 0;
  virtual Result<ToolText> read_tools(std::string_view text) const;  // All of it is text.
  virtual std::size_t bytes() const = 0;
};

std::unique_ptr<const Judge> judge_of_schema(std::shared_ptr<const Schema> schema, std::size_t most_bytes);
std::unique_ptr<const Judge> judge_of_choice(std::set<std::string> literals);
// `tools`: name to the schema of its arguments.
std::unique_ptr<const Judge> judge_of_tools(std::map<std::string, std::shared_ptr<const Schema>> tools,
                                            const ToolFormat& format, std::size_t most_bytes);

// `text` without blanks at the end, or at the start.
std::string_view without_tail(std::string_view text);
std::string_view without_head(std::string_view text);

}  // namespace docmind::grammar
