#include "graph/checkpoint.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>

namespace docmind::graph {
namespace {

constexpr std::array<std::string_view, 4> kSources = {"input", "loop", "update", "fork"};

}  // namespace

std::string_view name(Source source) { return kSources.at(static_cast<std::size_t>(source)); }

Result<Source> source_named(std::string_view name) {
  const auto found = std::ranges::find(kSources, name);
  if (found != kSources.end()) return static_cast<Source>(found - kSources.begin());
  return Error{Code::kDataLoss, "a checkpoint has the unknown source '" + std::string(name) + "'"};
}

bool matches(const boost::json::object& wanted, const Checkpoint& checkpoint) {
  return std::ranges::all_of(wanted, [&](const auto& field) {
    if (field.key() == "source") return field.value() == boost::json::value(name(checkpoint.source));
    if (field.key() == "step") return field.value() == boost::json::value(checkpoint.step);
    const boost::json::value* found = checkpoint.metadata.if_contains(field.key());
    return found != nullptr && *found == field.value();
  });
}

Error not_there(std::string_view id) {
  return {Code::kNotFound, "there is no checkpoint '" + std::string(id) + "' in this thread",
          "List the thread's checkpoints."};
}

Error gone_on(std::string_view thread) {
  return {Code::kConflict, "somebody else has gone on with the thread '" + std::string(thread) + "', or deleted it",
          "Look where it stands now, then try again: this run has changed nothing since."};
}

bool is_inside(std::string_view space, std::string_view outer) {
  if (outer.empty()) return !space.empty();
  return space.size() > outer.size() && space.starts_with(outer) && space[outer.size()] == '|';
}

}  // namespace docmind::graph
