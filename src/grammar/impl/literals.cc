#include "grammar/impl/literals.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/json.h"

namespace docmind::grammar {

void build_choice(Builder& builder, std::vector<std::string> texts, StateId from, StateId to) {
  std::sort(texts.begin(), texts.end());
  std::vector<StateId> path = {from};  // [i]: after the first i bytes of the last text.
  std::string last;
  for (const std::string& text : texts) {
    const auto apart = std::mismatch(text.begin(), text.end(), last.begin(), last.end());
    const auto shared = static_cast<std::size_t>(apart.first - text.begin());
    if (text == last) continue;
    path.resize(std::min(shared + 1, path.size()));
    while (path.size() < text.size() && !builder.over()) {
      const StateId next = builder.state();
      builder.edge(path.back(), text[path.size() - 1], next);
      path.push_back(next);
    }
    builder.edge(path.back(), text.back(), to);
    last = text;
  }
}

namespace {

// The names as a tree of bytes, each node with where it stands in any string: inside, in an escape, in a character.
class NameTree {
 public:
  NameTree(Builder& builder, StateId from, StateId inside) : builder_(builder), nodes_{{from, inside}} {}

  void add(std::string_view name) {
    std::size_t at = 0;
    for (const char c : name) {
      const auto byte = static_cast<std::uint8_t>(c);
      const auto known = nodes_[at].next.find(byte);
      if (known != nodes_[at].next.end()) {
        at = known->second;
        continue;
      }
      const StateId inside = builder_.next(nodes_[at].inside, byte);
      nodes_[at].next.emplace(byte, nodes_.size());
      at = nodes_.size();
      nodes_.push_back({builder_.state(), inside});
    }
    nodes_[at].is_name = true;
  }

  // Any byte that leaves the tree goes on as a string does.
  void connect(StateId string, StateId to) {
    std::map<StateId, StateId> outside;  // Inside of any string -> the state that calls it.
    const auto leave = [&](StateId inside) {
      const auto [entry, added] = outside.try_emplace(inside, 0);
      if (added) {
        entry->second = builder_.state();
        builder_.call(entry->second, inside, to);
      }
      return entry->second;
    };
    std::map<StateId, std::array<StateId, 256>> tables;  // Inside of any string -> where each byte leads there.
    for (const Node& node : nodes_) {
      const auto [table, added] = tables.try_emplace(node.inside);
      for (unsigned byte = 0; added && byte < 256; ++byte) {
        const StateId next = builder_.next(node.inside, static_cast<std::uint8_t>(byte));
        const bool closes = byte == '"' && node.inside == string;
        table->second.at(byte) = next == Automaton::kEpsilon ? next : closes ? to : leave(next);
      }
      std::array<StateId, 256> here = table->second;
      if (node.is_name) here['"'] = Automaton::kEpsilon;
      for (const auto& [byte, child] : node.next) here.at(byte) = nodes_[child].state;
      unsigned low = 0;
      for (unsigned byte = 1; byte <= 256; ++byte) {
        if (byte < 256 && here.at(byte) == here.at(low)) continue;
        if (here.at(low) != Automaton::kEpsilon) {
          builder_.edge(node.state, static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(byte - 1), here.at(low));
        }
        low = byte;
      }
      if (builder_.over()) return;
    }
  }

 private:
  struct Node {
    StateId state = 0;
    StateId inside = 0;
    std::map<std::uint8_t, std::size_t> next{};
    bool is_name = false;
  };
  Builder& builder_;
  std::vector<Node> nodes_;
};

void append_spaced(std::string& out, const boost::json::value& value) {
  const char* before = "";
  if (const boost::json::array* items = value.if_array()) {
    out += '[';
    for (const auto& item : *items) {
      out += before;
      append_spaced(out, item);
      before = ", ";
    }
    out += ']';
  } else if (const boost::json::object* members = value.if_object()) {
    out += '{';
    for (const auto& member : *members) {
      out += before;
      out += json_quoted({member.key().data(), member.key().size()}) + ": ";
      append_spaced(out, member.value());
      before = ", ";
    }
    out += '}';
  } else {
    out += to_text(value);
  }
}

}  // namespace

void build_other_names(Builder& builder, Prelude& prelude, const std::vector<std::string>& names, StateId from,
                       StateId to) {
  if (names.empty()) return builder.call(from, prelude.string(), to);
  NameTree tree(builder, from, prelude.string());
  for (const std::string& name : names) {
    tree.add(std::string_view(name).substr(1, name.size() - 2));
    if (builder.over()) return;
  }
  tree.connect(prelude.string(), to);
}

std::string spaced_text(const boost::json::value& value, Spacing spacing) {
  if (spacing == Spacing::kNone) return to_text(value);
  std::string out;
  append_spaced(out, value);
  return out;
}

}  // namespace docmind::grammar
