// query_planner: cuts a question into the parts that need an answer of their own. Without a chat model: "who ..., and
// when ...?" is cut at the conjunction when both halves hold a question word. Pure functions.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace docmind::agents {

struct Part {
  std::string text;  // What is searched: the half, or the whole question when the half does not stand alone.
  std::string asks;  // The half itself: decides which form of answer is wanted.
};

struct Plan {
  std::vector<Part> parts;  // One or two.
};

Plan plan(std::string_view question);

// Without a cut: one part.
Plan plan_of_one(std::string_view question);

}  // namespace docmind::agents
