#include "cli/trace_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_members.h"
#include "cli/render.h"

namespace docmind::cli {
namespace {

namespace json = boost::json;

// A line of the tree: what it says, and the JSON that has its times and tokens.
struct Node {
  std::string says{};
  const json::value* measured = nullptr;  // Null: none.
  std::vector<Node> below{};
};

std::string milliseconds(const json::value& measured, std::string_view key) {
  return json_member(measured, key).is_number() ? fmt::format("{:.1f} ms", 1000 * number(measured, key)) : "";
}

// The numbers in front of a line.
std::string columns(const json::value& measured, bool tokens) {
  std::string out = fmt::format("{:>11}{:>13}", milliseconds(measured, "began"), milliseconds(measured, "seconds"));
  for (const char* key : {"prompt", "reused", "computed", "completion"}) {
    const bool has = json_member(measured, key).is_number();
    if (tokens) out += fmt::format("{:>11}", has ? fmt::format("{}", count(measured, key)) : "");
  }
  return out + "  ";
}

void add_lines(const Node& node, const std::string& lead, bool tokens, std::string& out) {
  for (std::size_t i = 0; i < node.below.size(); ++i) {
    static const json::value nothing;
    const Node& below = node.below[i];
    const bool last = i + 1 == node.below.size();
    out += columns(below.measured != nullptr ? *below.measured : nothing, tokens) + lead + (last ? "└─ " : "├─ ") +
           below.says + "\n";
    add_lines(below, lead + (last ? "   " : "│  "), tokens, out);
  }
}

std::string outcome(const json::value& agent) {
  const std::string status = text(agent, "status");
  std::string out = status == "ok" || status.empty() ? "" : ", " + status;
  if (const std::string why = text(json_member(agent, "error"), "message"); !why.empty()) out += ": " + why;
  if (const std::string by = text(agent, "replaced_by"); !by.empty()) out += " → " + by;
  return one_line(out);
}

std::string part_says(const json::value& trace, std::uint64_t number_of_part) {
  const json::array& parts = list(trace, "parts");
  if (number_of_part >= parts.size()) return {};
  const json::value& part = parts[number_of_part];
  if (const json::value& set = json_member(part, "set"); set.is_object()) {
    return fmt::format(": {}, {} of {} read", text(set, "operation"), count(set, "read"), count(set, "total"));
  }
  return fmt::format(": {} looked at, the best {:.2f} where {:.2f} is too little", count(part, "candidates"),
                     number(part, "best"), number(part, "threshold"));
}

std::string part_asks(const json::value& trace, std::uint64_t number_of_part) {
  const json::array& parts = list(trace, "parts");
  return number_of_part < parts.size() ? one_line(text(parts[number_of_part], "asks")) : std::string();
}

// The runs of retrieval_expert: one line, or one for each part.
Node search(const json::value& trace, const std::vector<const json::value*>& runs) {
  if (runs.size() == 1) {
    return {.says = "retrieval_expert" + part_says(trace, count(*runs.front(), "part")) + outcome(*runs.front()),
            .measured = runs.front()};
  }
  Node out{.says = "retrieval_expert"};
  for (const json::value* run : runs) {
    const std::uint64_t part = count(*run, "part");
    out.below.push_back({.says = fmt::format("part {} “{}”{}{}", part + 1, part_asks(trace, part),
                                             part_says(trace, part), outcome(*run)),
                         .measured = run});
  }
  return out;
}

// What was done under a supervisor: its calls of the model, and below each of its agents theirs and their tools'.
Node supervised(const json::value& supervisor) {
  Node out{.says = "supervised: " + one_line(text(supervisor, "end"))};
  if (const std::string why = text(json_member(supervisor, "failure"), "message"); !why.empty()) {
    out.says += ", " + one_line(why);
  }
  std::vector<const json::value*> steps;
  for (const json::value& step : list(supervisor, "steps")) steps.push_back(&step);
  std::ranges::sort(steps, {}, [](const json::value* step) { return std::pair(number(*step, "began"), step); });
  for (const json::value* one : steps) {
    const json::value& step = *one;
    const std::string tool = text(step, "tool");
    const std::string error = text(step, "error");
    out.below.push_back({.says = one_line(text(step, "agent") + (tool.empty() ? "" : ": " + tool) +
                                          (error.empty() ? "" : ", failed: " + error)),
                         .measured = &step});
  }
  return out;
}

// Whether a call of the model is the one that a step made.
bool lies_in(const json::value& call, const json::value& step) {
  constexpr double kNear = 0.001;  // Seconds; the two are measured one after the other.
  const double began = number(call, "began");
  const double end = began + number(call, "seconds");
  return text(step, "tool").empty() && began + kNear >= number(step, "began") &&
         end <= number(step, "began") + number(step, "seconds") + kNear;
}

Node writing(const json::value& trace, const json::value& agent) {
  Node out{.says = "result_synthesizer" + outcome(agent), .measured = &agent};
  const json::value& supervisor = json_member(trace, "supervisor");
  const json::array& steps = list(supervisor, "steps");
  if (!steps.empty()) out.below.push_back(supervised(supervisor));
  for (const json::value& call : list(trace, "model_calls")) {
    if (std::ranges::any_of(steps, [&](const json::value& step) { return lies_in(call, step); })) continue;
    const std::string why = text(json_member(call, "error"), "message");
    out.below.push_back(
        {.says = one_line(text(trace, "model") + (why.empty() ? "" : ", failed: " + why)), .measured = &call});
  }
  return out;
}

Node agent(const json::value& trace, const json::value& run) {
  const std::string name = text(run, "name");
  if (name == "result_synthesizer") return writing(trace, run);
  Node out{.says = one_line(name), .measured = &run};
  if (name == "query_router") out.says += ": " + text(trace, "route") + ", " + one_line(text(trace, "route_reason"));
  if (name == "query_planner" && list(trace, "parts").size() > 1) {
    out.says += fmt::format(": {} parts", list(trace, "parts").size());
  }
  const std::uint64_t dropped = count(trace, "dropped");
  if (name == "response_validator" && dropped != 0) {
    out.says += fmt::format(": {} claim{} dropped", dropped, dropped == 1 ? "" : "s");
  }
  out.says += outcome(run);
  return out;
}

}  // namespace

std::string render_trace(const json::value& trace, const Terminal& terminal) {
  Node question;
  std::vector<const json::value*> searches;
  for (const json::value& run : list(trace, "agents")) {
    if (text(run, "name") == "retrieval_expert") searches.push_back(&run);
  }
  for (const json::value& run : list(trace, "agents")) {
    if (text(run, "name") != "retrieval_expert") {
      question.below.push_back(agent(trace, run));
    } else if (&run == searches.front()) {
      question.below.push_back(search(trace, searches));
    }
  }
  for (const json::value& document : list(trace, "documents")) {
    question.below.push_back(
        {.says = one_line(fmt::format("document {}: {} → docmind trace {}", text(document, "document_id"),
                                      text(document, "status"), text(document, "trace_id")))});
  }
  if (const json::value& given = json_member(trace, "cache"); given.is_object()) {
    question.below.push_back({.says = one_line(fmt::format(
                                  "answered before ({}, distance {:.3f}): {} → docmind trace {}", text(given, "layer"),
                                  number(given, "distance"), text(given, "question"), text(given, "trace_id")))});
  }
  const bool tokens = !list(trace, "model_calls").empty();
  std::string out = fmt::format("{:>11}{:>13}", "began", "took");
  if (tokens) out += fmt::format("{:>11}{:>11}{:>11}{:>11}", "prompt", "reused", "computed", "written");
  out = terminal.faint(out) + "\n" + columns(trace, tokens) + terminal.bold(one_line(text(trace, "question"))) + ": " +
        one_line(text(trace, "status")) + "\n";
  add_lines(question, "", tokens, out);
  return out +
         terminal.faint("Candidates with ranks and scores: docmind trace " + one_line(text(trace, "trace_id")) +
                        " --json") +
         "\n";
}

std::string render_replay(const json::value& replay, const Terminal& terminal) {
  if (flag(replay, "same")) return terminal.bold("The answer is the same, byte for byte.") + "\n";
  std::string out = terminal.bold("The answer is not the same:") + "\n";
  for (const json::value& one : list(replay, "differences")) out += "  " + one_line(json_text(one)) + "\n";
  return out;
}

}  // namespace docmind::cli
