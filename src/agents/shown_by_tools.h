// What the tools of the toolbox answer, as a model that leads or follows is shown it: a line of what was found, and the
// places as passages that can be cited. So nothing that a tool shows is without a place in the library.
//
// - search, compare: the passages as they stand. exact_find: the sentences around the places. read_page: the page.
// - table_query, count: of each set with matching rows one passage of ours: what was counted, the columns, the rows.
//   What the model asked for is not repeated in it, so that its own words cannot bear out what it says.
// - arithmetic: computes with numbers of the documents alone. A number that no passage shown so far has is refused, but
//   for a few whole ones to multiply with or to divide by (a mean, a percentage); the passage is the result with the
//   lines that its numbers stand in.
//
// What the question's filter leaves out is not shown, whatever is asked for.
//
// Thread safety: pure but for the library. Bounded: so many passages of so many bytes of one call.
#pragma once
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "agents/numbered_passages.h"
#include "agents/toolbox.h"
#include "base/deadline.h"
#include "base/result.h"
#include "library/library.h"
#include "retrieval/search.h"

namespace docmind::agents {

struct ToolShown {
  std::string note{};                       // One line.
  std::vector<NumberedPassage> passages{};  // Without numbers yet.
};

struct ToolUse {
  std::string_view tool;
  std::string_view arguments;                 // JSON, hostile.
  std::span<const NumberedPassage> passages;  // That were shown so far.
};

// Errors: those of Toolbox::call(), kInvalidArgument of arithmetic, those of the library.
Result<ToolShown> use(const ToolUse& wanted, const retrieval::Filter& filter, const Toolbox& toolbox,
                      library::Library& library, Deadline deadline, std::stop_token stop);

}  // namespace docmind::agents
