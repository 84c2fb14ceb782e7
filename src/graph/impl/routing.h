// Following a node's routes: whom it calls for, seen with its own writes applied.
#pragma once
#include "graph/impl/frontier.h"
#include "graph/impl/plan.h"

namespace docmind::graph::impl {

// Adds what the routers of `node` say to next and sends; checks all destinations.
Result<> follow(const Plan& plan, const NodePlan& node, const Object& values, const Update& own,
                std::vector<std::string>& next, std::vector<Send>& sends);

}  // namespace docmind::graph::impl
