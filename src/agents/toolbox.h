// The tools of the agents, as a model calls them: by name, with JSON that a schema describes, answered by JSON that
// another one describes: search, exact_find, read_page, table_query, count, compare, arithmetic.
//
// Arguments are hostile input: held against their schema (room grammar) before anything runs, and bounded. A tool
// reads the library as it is at the call and changes nothing. Thread safety: call() from any thread.
#pragma once
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "grammar/grammar.h"
#include "library/library.h"
#include "retrieval/index.h"

namespace docmind::agents {

struct Tool {
  std::string_view name;
  std::string_view description;  // For the model: what it does, when to take it.
  std::string_view arguments;    // JSON Schema of an object.
  std::string_view result;       // JSON Schema of an object.
};

std::span<const Tool> tools();

class Toolbox {
 public:
  // The arguments must outlive it. Errors: kInternal when a schema of ours does not compile.
  static Result<std::unique_ptr<Toolbox>> create(library::Library& library, retrieval::Index& index);

  // Errors: kNotFound (no such tool, document or page), kInvalidArgument (arguments that the schema refuses, and those
  // of the tool), kDeadlineExceeded, kCancelled, the library's.
  Result<std::string> call(std::string_view tool, std::string_view arguments, Deadline deadline,
                           std::stop_token stop) const;

 private:
  Toolbox(library::Library& library, retrieval::Index& index) : library_(library), index_(index) {}

  library::Library& library_;
  retrieval::Index& index_;
  std::map<std::string_view, std::shared_ptr<const grammar::Grammar>> schemas_;  // Of the arguments, by tool.
};

}  // namespace docmind::agents
