#include "grammar/impl/tool_states.h"

#include "grammar/impl/judge.h"

namespace docmind::grammar {
namespace {

// Any text from `from` until `mark` has been read, which leads to `to`; every place before may be the end. The
// automaton of Knuth, Morris and Pratt: a state per byte of the mark that has matched.
void build_until(Builder& builder, std::string_view mark, StateId from, StateId to) {
  std::vector<StateId> states = {from};
  for (std::size_t i = 1; i < mark.size(); ++i) states.push_back(builder.state());
  const auto next = [&](std::size_t matched, char byte) {
    std::string seen(mark.substr(0, matched));
    seen += byte;
    std::size_t length = std::min(seen.size(), mark.size());
    while (!std::string_view(seen).ends_with(mark.substr(0, length))) --length;
    return length;
  };
  for (std::size_t i = 0; i < mark.size() && !builder.over(); ++i) {
    builder.end(states[i]);
    unsigned low = 0;
    std::size_t target = next(i, 0);
    for (unsigned byte = 1; byte <= 256; ++byte) {
      const std::size_t here = byte < 256 ? next(i, static_cast<char>(byte)) : mark.size() + 1;
      if (here == target) continue;
      builder.edge(states[i], static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(byte - 1),
                   target == mark.size() ? to : states[target]);
      low = byte;
      target = here;
    }
  }
}

}  // namespace

StateId build_tool_text(Builder& builder, const ToolFormat& format, StateId call) {
  const std::string_view mark = without_tail(format.begin);
  const std::string_view blanks = std::string_view(format.begin).substr(mark.size());
  const auto opened = [&](StateId from, StateId to) {  // The blanks after the mark, and the call.
    StateId body = from;
    if (!blanks.empty()) {
      body = builder.state();
      builder.literal(from, blanks, body);
    }
    builder.call(body, call, to);
  };
  const StateId start = builder.state();
  StateId here = start;
  for (std::size_t i = 0; i < format.calls && !builder.over(); ++i) {
    const StateId marked = builder.state();
    const StateId after = builder.state();
    if (format.use == ToolUse::kAuto) {
      build_until(builder, mark, here, marked);
    } else {
      builder.literal(here, (i == 0 ? "" : format.between) + std::string(mark), marked);
    }
    opened(marked, after);
    builder.end(after);
    here = after;
  }
  return start;
}

}  // namespace docmind::grammar
