#include "graph/graph.h"

#include <algorithm>
#include <optional>
#include <set>

#include "graph/impl/plan.h"

namespace docmind::graph {
namespace {

Error wrong(std::string message) {
  return {Code::kInvalidArgument, std::move(message), "Correct the graph where it is built."};
}

bool reserved(std::string_view name) { return name.empty() || name.starts_with("__"); }

}  // namespace

// Takes everything down in the order of the calls; what is wrong is said at compile(), the first mistake first.
struct GraphBuilder::Draft {
  std::unique_ptr<impl::Plan> plan = std::make_unique<impl::Plan>();
  std::vector<std::pair<std::string, std::string>> edges{};
  std::vector<std::pair<std::string, Router>> routes{};
  std::optional<Error> mistake{};

  void fail(std::string message) {
    if (!mistake) mistake = wrong(std::move(message));
  }

  void add(std::string name, impl::NodePlan node) {
    if (reserved(name)) return fail("'" + name + "' cannot name a node: empty or beginning with '__'");
    if (plan->nodes.contains(name)) return fail("two nodes are called '" + name + "'");
    plan->nodes.emplace(std::move(name), std::move(node));
  }

  void check_node(std::string_view name, std::string_view what) {
    if (!plan->nodes.contains(name))
      fail(std::string(what) + " names the node '" + std::string(name) + "', which is not there");
  }

  impl::NodePlan* source(std::string_view name, std::string_view what) {
    if (name == kStart) return &plan->start;
    const auto found = plan->nodes.find(name);
    if (found != plan->nodes.end()) return &found->second;
    check_node(name, what);
    return nullptr;
  }

  void connect() {
    for (const auto& [from, to] : edges) {
      if (to != kEnd) check_node(to, "an edge");
      impl::NodePlan* node = source(from, "an edge");
      if (node != nullptr && to != kEnd && std::ranges::find(node->edges, to) == node->edges.end()) {
        node->edges.push_back(to);
      }
    }
    for (auto& [from, router] : routes) {
      if (!router) fail("the route from '" + from + "' has no function");
      if (impl::NodePlan* node = source(from, "a route")) node->routers.push_back(std::move(router));
    }
    for (std::size_t i = 0; i < plan->joins.size(); ++i) {
      check_node(plan->joins[i].to, "a join");
      if (plan->joins[i].from.empty()) fail("a join to '" + plan->joins[i].to + "' waits for nothing");
      for (const std::string& from : std::set(plan->joins[i].from.begin(), plan->joins[i].from.end())) {
        if (impl::NodePlan* node = from == kStart ? nullptr : source(from, "a join")) node->joins.push_back(i);
        if (from == kStart) fail("a join cannot wait for the start");
      }
    }
    if (plan->start.edges.empty() && plan->start.routers.empty()) fail("no edge leads from the start");
  }
};

GraphBuilder::GraphBuilder(std::vector<Channel> channels) : draft_(std::make_unique<Draft>()) {
  for (Channel& channel : channels) {
    const std::string name = channel.name;
    if (reserved(name)) draft_->fail("'" + name + "' cannot name a channel: empty or beginning with '__'");
    if ((channel.reducer == Reducer::kFold) != static_cast<bool>(channel.fold)) {
      draft_->fail("the channel '" + name + "' must have a fold function exactly if its reducer is kFold");
    }
    if (!draft_->plan->channels.emplace(name, std::move(channel)).second) {
      draft_->fail("two channels are called '" + name + "'");
    }
  }
}

GraphBuilder::~GraphBuilder() = default;
GraphBuilder::GraphBuilder(GraphBuilder&&) noexcept = default;
GraphBuilder& GraphBuilder::operator=(GraphBuilder&&) noexcept = default;

GraphBuilder& GraphBuilder::node(std::string name, Node run, NodeOptions options) {
  if (!run) draft_->fail("the node '" + name + "' has no function");
  if (options.retry.attempts == 0) draft_->fail("the node '" + name + "' may be tried zero times");
  draft_->add(std::move(name), {.run = std::move(run), .options = std::move(options)});
  return *this;
}

GraphBuilder& GraphBuilder::subgraph(std::string name, std::shared_ptr<const Graph> graph, SubgraphOptions how,
                                     NodeOptions options) {
  if (graph == nullptr) draft_->fail("the subgraph '" + name + "' is not there");
  if (options.retry.attempts == 0) draft_->fail("the subgraph '" + name + "' may be tried zero times");
  draft_->add(std::move(name), {.inner = std::move(graph), .how = std::move(how), .options = std::move(options)});
  return *this;
}

GraphBuilder& GraphBuilder::edge(std::string_view from, std::string_view to) {
  draft_->edges.emplace_back(from, to);
  return *this;
}

GraphBuilder& GraphBuilder::join(std::vector<std::string> from, std::string to) {
  draft_->plan->joins.push_back({std::move(from), std::move(to)});
  return *this;
}

GraphBuilder& GraphBuilder::route(std::string_view from, Router router) {
  draft_->routes.emplace_back(from, std::move(router));
  return *this;
}

Result<std::shared_ptr<const Graph>> GraphBuilder::compile() && {
  draft_->connect();
  if (const auto& mistake = draft_->mistake) return *mistake;
  return std::shared_ptr<const Graph>(std::make_shared<Graph>(std::move(draft_->plan)));
}

Graph::Graph(std::unique_ptr<const impl::Plan> plan) : plan_(std::move(plan)) {}
Graph::~Graph() = default;

}  // namespace docmind::graph
