// A compiled graph: what GraphBuilder has checked. Immutable.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace docmind::graph::impl {

struct NodePlan {
  Node run{};                            // Empty: a subgraph.
  std::shared_ptr<const Graph> inner{};  // Shared with whoever built it, and with runs that were abandoned.
  SubgraphOptions how{};
  NodeOptions options{};
  std::vector<std::string> edges{};  // By name, each once.
  std::vector<Router> routers{};
  std::vector<std::size_t> joins{};  // That wait for this node.
};

struct JoinPlan {
  std::vector<std::string> from{};
  std::string to{};
};

struct Plan {
  std::map<std::string, Channel, std::less<>> channels{};
  std::map<std::string, NodePlan, std::less<>> nodes{};
  NodePlan start{};
  std::vector<JoinPlan> joins{};
};

}  // namespace docmind::graph::impl
