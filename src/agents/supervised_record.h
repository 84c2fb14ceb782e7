// What happened under a supervisor while one answer was written: who called what, when, for how many tokens, what the
// tools showed, and how it ended. Shown by a trace and replayed from it: a passage that stands in the library is kept
// as its place and read again, what a tool wrote of it as it was.
//
// Values; pure but for the library.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agents/numbered_passages.h"
#include "base/result.h"
#include "library/library.h"
#include "llm/chat_model.h"

namespace docmind::agents {

enum class SupervisedEnd : std::uint8_t {
  kNotAsked,      // The evidence is too weak, or a set was counted: no model is asked.
  kCannot,        // The chat model's template knows no tools.
  kAnswered,      // Its text is the answer.
  kFoundNothing,  // It says that the documents do not answer.
  kFailed,
};
std::string_view name(SupervisedEnd end);

// One call of the model, or of a tool.
struct SupervisedStep {
  std::string agent{};
  std::string tool{};  // Empty: of the model.
  double began = 0;    // Seconds since the question came.
  double seconds = 0;
  llm::ChatUsage usage{};
  std::string error{};
};

struct ToolAnswered {
  std::string agent{};
  std::string tool{};
  std::string arguments{};
  std::string note{};
  std::vector<NumberedPassage> passages{};
  std::string error{};  // Instead of these.
};

struct SupervisedRecord {
  SupervisedEnd end = SupervisedEnd::kNotAsked;
  std::optional<Error> failure{};       // Of kFailed and kCannot.
  std::vector<SupervisedStep> steps{};  // In the order they ended.
  std::vector<ToolAnswered> tools{};
  std::vector<std::string> fallbacks{};  // Why another backend wrote, each once.
  llm::ChatUsage usage{};                // Of all calls of the model.
};

boost::json::object to_json(const SupervisedRecord& record);
// Errors: kConflict when a passage is not in the library any more; those of the library. What is broken otherwise
// counts as nothing.
Result<SupervisedRecord> supervised_in(const boost::json::value& recorded, library::Snapshot& at);

// Keys of the documents whose words the record holds.
std::vector<std::int64_t> documents_in(const SupervisedRecord& record);

}  // namespace docmind::agents
