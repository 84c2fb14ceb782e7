// query_planner: cuts a question into the parts that need an answer of their own. Without a chat model: "who ..., and
// when ...?" is cut at the conjunction when both halves hold a question word, and "what ..., who ..., and when ...?" at
// its commas as well. Pure functions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/policy.h"

namespace docmind::agents {

struct Part {
  std::string text;  // What is searched: the part, or the whole question when the part does not stand alone.
  std::string asks;  // The part itself: decides which form of answer is wanted.
};

struct Plan {
  std::vector<Part> parts;         // One to kMostParts.
  std::optional<Decided> model{};  // Where a chat model was asked for it (model_planner.h).
};

inline constexpr std::size_t kMostParts = 5;

Plan plan(std::string_view question);

// Without a cut: one part.
Plan plan_of_one(std::string_view question);

// A part of the question as it is searched: with the whole of it when the part does not stand alone.
Part part_of(std::string_view part, std::string_view question);

}  // namespace docmind::agents
