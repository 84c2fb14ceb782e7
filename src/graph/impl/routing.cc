#include "graph/impl/routing.h"

#include <boost/json/object.hpp>
#include <exception>

#include "graph/impl/channels.h"

namespace docmind::graph::impl {
namespace {

// The channels that the writes touch, as they will be when nobody else writes.
Result<Object> overlay(const Plan& plan, const Object& values, const Update& own) {
  Object out;
  for (const Write& write : own.writes()) {
    const bool touched = out.contains(write.channel);
    Value& value = out[write.channel];
    if (!touched) value = State(values)[write.channel];
    DM_TRY(apply_write(plan.channels.find(write.channel)->second, write, touched, value));
  }
  return out;
}

Result<Route> ask(const Router& router, const State& state) {
  try {
    return router(state);
  } catch (const std::exception& e) {
    return Error{Code::kInternal, std::string("a route threw: ") + e.what(),
                 "This is a mistake in the graph: report it."};
  }
}

Result<> check(const Plan& plan, const std::string& node) {
  if (plan.nodes.contains(node)) return {};
  return Error{Code::kInvalidArgument, "a node calls for '" + node + "', which is not in the graph",
               "Correct its destination, or add the node."};
}

}  // namespace

Result<> follow(const Plan& plan, const NodePlan& node, const Object& values, const Update& own,
                std::vector<std::string>& next, std::vector<Send>& sends) {
  if (!node.routers.empty()) {
    const Object over = DM_TRY(overlay(plan, values, own));
    for (const Router& router : node.routers) {
      Route route = DM_TRY(ask(router, State(values, &over)));
      next.insert(next.end(), route.next.begin(), route.next.end());
      for (Send& send : route.sends) sends.push_back(std::move(send));
    }
  }
  for (const std::string& to : next) {
    if (to != kEnd) DM_TRY(check(plan, to));
  }
  for (const Send& send : sends) DM_TRY(check(plan, send.node));
  return {};
}

}  // namespace docmind::graph::impl
