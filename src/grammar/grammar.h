// What a model may write, compiled: a JSON Schema, any JSON object, one of some literals, or text with tool calls, as a
// pushdown automaton over bytes; and the check of the finished text against what was asked, which shares no code with
// it.
//
// Immutable after it was made: any method from any thread. The automaton writes a subset of what is valid: properties
// in declared order, bounded numbers, no free property beside declared ones unless asked. validate() is the word that
// counts: keywords the automaton cannot hold (docs/formats/schema.md lists them) are held there. Schemas are hostile
// input: bounded in bytes, depth, states and steps, never in seconds, so that one schema gives one result on every
// machine.
#pragma once
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace docmind::grammar {

struct Automaton;  // Private to the room, as
class Judge;

// Blanks between JSON tokens. kSingle is what Python's json.dumps writes and what tool-calling models were trained on;
// with kNone and kSingle everything but the values is forced, see Matcher::forced().
enum class Spacing : std::uint8_t {
  kNone,      // {"a":1,"b":[]}
  kSingle,    // {"a": 1, "b": []}
  kFlexible,  // A blank or none, or a line break with at most 32 blanks of indentation.
};

struct Limits {
  std::size_t schema_bytes = 8ULL << 20U;  // As compact JSON text, all schemas of a grammar together.
  std::size_t depth = 64;                  // Schemas inside schemas, references not followed.
  std::size_t states = 1'000'000;          // Of the automaton; about 40 bytes each.
  std::size_t steps = 4'000'000;           // Subschemas looked at, merged and expanded.
  std::size_t counted = 1024;              // Larger minLength, maxItems... are held by validate() alone.
  std::size_t stack = 64;                  // References, strings and free values inside each other in the text.
  std::size_t text_bytes = 64ULL << 20U;   // What validate() accepts.
};

struct Options {
  Spacing spacing = Spacing::kSingle;
  Limits limits{};
};

struct Tool {
  std::string name;
  boost::json::value parameters;  // Its schema; null or {} takes any object.
};

enum class ToolUse : std::uint8_t {
  kAuto,      // Free text, calls where the model wants them.
  kRequired,  // Nothing but a call.
};

// begin {"name": NAME, "arguments": ARGUMENTS} end, as Qwen3 and Hermes write it. A call starts where the text shows
// `begin` without its trailing blanks; from there on the model is held.
struct ToolFormat {
  std::string begin = "<tool_call>\n";
  std::string end = "\n</tool_call>";
  std::string between = "\n";  // Of two calls in a row, under kRequired.
  ToolUse use = ToolUse::kAuto;
  std::size_t calls = 16;  // At most, 1 to 256; 1: no parallel calls. After the last one the text ends.
};

struct ToolCall {
  std::string name;
  std::string arguments;  // JSON text as the model wrote it.
};

struct ToolText {
  std::string text;  // Outside the calls.
  std::vector<ToolCall> calls;
};

class Grammar {
 public:
  // kInvalidArgument with the keyword and its JSON pointer for what is wrong or unsupported, or when nothing can
  // satisfy the schema; kResourceExhausted past a limit.
  static Result<std::shared_ptr<const Grammar>> of_schema(const boost::json::value& schema,
                                                          const Options& options = {});
  static Result<std::shared_ptr<const Grammar>> of_json_object(const Options& options = {});
  // One of the literals, byte for byte. At least one, none empty, UTF-8.
  static Result<std::shared_ptr<const Grammar>> of_choice(std::span<const std::string> literals,
                                                          const Options& options = {});
  // A named tool choice is kRequired with that tool alone and one call.
  static Result<std::shared_ptr<const Grammar>> of_tools(std::span<const Tool> tools, const ToolFormat& format = {},
                                                         const Options& options = {});
  ~Grammar();

  // Whether the finished text is what was asked. kInvalidArgument names the place as a JSON pointer into the text.
  Result<> validate(std::string_view text) const;

  // of_tools alone: the text's calls, validated; kInvalidArgument as validate(). Otherwise the whole is text.
  Result<ToolText> read_tools(std::string_view text) const;

  std::size_t states() const;
  std::size_t bytes() const;  // Memory held, about.
  const Automaton& automaton() const { return *automaton_; }

 private:
  Grammar(std::unique_ptr<const Automaton> automaton, std::unique_ptr<const Judge> judge);
  std::unique_ptr<const Automaton> automaton_;
  std::unique_ptr<const Judge> judge_;
};

}  // namespace docmind::grammar
