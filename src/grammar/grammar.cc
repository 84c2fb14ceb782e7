#include "grammar/grammar.h"

#include <boost/json/object.hpp>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "grammar/impl/compiler.h"
#include "grammar/impl/judge.h"
#include "grammar/impl/literals.h"
#include "grammar/impl/prelude.h"
#include "grammar/impl/tool_states.h"

namespace docmind::grammar {
namespace {

using Made = Result<std::unique_ptr<Automaton>>;

Error invalid(std::string message, std::string hint = "") {
  return {Code::kInvalidArgument, std::move(message), std::move(hint)};
}

Made finished(Builder&& builder, const Prelude& prelude, StateId start, const Options& options) {
  constexpr std::size_t kMostStack = 256;
  return std::move(builder).finish(start, prelude.string(),
                                   static_cast<std::uint16_t>(std::min(options.limits.stack, kMostStack)));
}

// {"name": NAME, "arguments": ARGUMENTS} and the closing, for each of the tools.
Result<StateId> build_calls(const std::map<std::string, std::shared_ptr<const Schema>>& tools, const ToolFormat& format,
                            const Options& options, Builder& builder, Prelude& prelude, std::size_t& steps) {
  const StateId start = builder.state();
  const StateId name = builder.state();
  const StateId closed = builder.state();
  const StateId end = builder.state();
  const std::string blank = options.spacing == Spacing::kNone ? "" : " ";
  builder.literal(start, "{\"name\":" + blank, name);
  for (const auto& [called, schema] : tools) {
    const StateId arguments = builder.state();
    const StateId close = builder.state();
    builder.literal(name, json_quoted(called) + "," + blank + "\"arguments\":" + blank, arguments);
    DM_TRY(Compiler(*schema, options, builder, prelude, steps).build(arguments, close).with("tool " + called));
    builder.edge(close, '}', closed);
    if (builder.over()) break;
  }
  builder.literal(closed, format.end, end);
  builder.end(end);
  return start;
}

Result<> check_format(const ToolFormat& format) {
  constexpr std::size_t kLongest = 64;
  constexpr std::size_t kMostCalls = 256;
  for (const std::string* text : {&format.begin, &format.end, &format.between}) {
    if (text->size() > kLongest || !is_utf8(*text)) return invalid("a mark of the tool calls is too long or not UTF-8");
  }
  if (without_tail(format.begin).empty() || without_head(format.end).empty() || !without_head(format.between).empty()) {
    return invalid("a tool call needs a mark at its begin and end, and blanks alone between two");
  }
  if (format.calls == 0 || format.calls > kMostCalls) return invalid("1 to 256 tool calls can be asked for");
  return {};
}

boost::json::value any_object() { return boost::json::object{{"type", "object"}}; }

}  // namespace

Grammar::Grammar(std::unique_ptr<const Automaton> automaton, std::unique_ptr<const Judge> judge)
    : automaton_(std::move(automaton)), judge_(std::move(judge)) {}

Grammar::~Grammar() = default;

Result<std::shared_ptr<const Grammar>> Grammar::of_schema(const boost::json::value& schema, const Options& options) {
  std::size_t steps = options.limits.steps;
  const std::shared_ptr<const Schema> checked = DM_TRY(Schema::open(schema, options.limits, steps));
  Builder builder(options.limits.states);
  Prelude prelude(builder, options.spacing);
  const StateId start = builder.state();
  const StateId end = builder.state();
  builder.end(end);
  DM_TRY(Compiler(*checked, options, builder, prelude, steps).build(start, end));
  std::unique_ptr<Automaton> automaton = DM_TRY(finished(std::move(builder), prelude, start, options));
  return std::shared_ptr<const Grammar>(
      new Grammar(std::move(automaton), judge_of_schema(checked, options.limits.text_bytes)));
}

Result<std::shared_ptr<const Grammar>> Grammar::of_json_object(const Options& options) {
  return of_schema(any_object(), options);
}

Result<std::shared_ptr<const Grammar>> Grammar::of_choice(std::span<const std::string> literals,
                                                          const Options& options) {
  if (literals.empty()) return invalid("a choice needs at least one literal");
  for (const std::string& literal : literals) {
    if (literal.empty() || !is_utf8(literal)) return invalid("a literal of the choice is empty or not UTF-8");
  }
  Builder builder(options.limits.states);
  const Prelude prelude(builder, options.spacing);
  const StateId start = builder.state();
  const StateId end = builder.state();
  builder.end(end);
  build_choice(builder, {literals.begin(), literals.end()}, start, end);
  std::unique_ptr<Automaton> automaton = DM_TRY(finished(std::move(builder), prelude, start, options));
  return std::shared_ptr<const Grammar>(
      new Grammar(std::move(automaton), judge_of_choice({literals.begin(), literals.end()})));
}

Result<std::shared_ptr<const Grammar>> Grammar::of_tools(std::span<const Tool> tools, const ToolFormat& format,
                                                         const Options& options) {
  constexpr std::size_t kLongestName = 256;
  if (tools.empty()) return invalid("there is no tool to call");
  DM_TRY(check_format(format));
  std::size_t steps = options.limits.steps;
  std::map<std::string, std::shared_ptr<const Schema>> schemas;
  for (const Tool& tool : tools) {
    if (tool.name.empty() || tool.name.size() > kLongestName || !is_utf8(tool.name)) {
      return invalid("a tool's name is empty, too long or not UTF-8", "Names have 1 to 256 bytes.");
    }
    const bool any = tool.parameters.is_null() || (tool.parameters.is_object() && tool.parameters.get_object().empty());
    const auto schema =
        DM_TRY(Schema::open(any ? any_object() : tool.parameters, options.limits, steps).with("tool " + tool.name));
    if (!schemas.emplace(tool.name, schema).second)
      return invalid("the tool " + json_quoted(tool.name) + " is there twice");
  }
  Builder builder(options.limits.states);
  Prelude prelude(builder, options.spacing);
  const StateId call = DM_TRY(build_calls(schemas, format, options, builder, prelude, steps));
  const StateId start = build_tool_text(builder, format, call);
  std::unique_ptr<Automaton> automaton = DM_TRY(finished(std::move(builder), prelude, start, options));
  return std::shared_ptr<const Grammar>(
      new Grammar(std::move(automaton), judge_of_tools(std::move(schemas), format, options.limits.text_bytes)));
}

Result<> Grammar::validate(std::string_view text) const { return judge_->validate(text); }

Result<ToolText> Grammar::read_tools(std::string_view text) const { return judge_->read_tools(text); }

std::size_t Grammar::states() const { return automaton_->states.size() - 1; }

std::size_t Grammar::bytes() const { return automaton_->bytes() + judge_->bytes(); }

}  // namespace docmind::grammar
