#include "grammar/impl/judge.h"

#include <utility>

#include "base/json.h"
#include "grammar/impl/validator.h"

namespace docmind::grammar {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kDeepestText = 512;

Error wrong(std::string why) { return {Code::kInvalidArgument, "the text is not what was asked: " + std::move(why)}; }

class SchemaJudge final : public Judge {
 public:
  SchemaJudge(std::shared_ptr<const Schema> schema, std::size_t most) : schema_(std::move(schema)), most_(most) {}
  Result<> validate(std::string_view text) const override {
    const auto value = DM_TRY(parse_json(text, {.depth = kDeepestText, .bytes = most_}).with("the text"));
    return Validator(*schema_).check(value);
  }
  std::size_t bytes() const override { return sizeof *this; }

 private:
  std::shared_ptr<const Schema> schema_;
  std::size_t most_;
};

class ChoiceJudge final : public Judge {
 public:
  explicit ChoiceJudge(std::set<std::string> literals) : literals_(std::move(literals)) {}
  Result<> validate(std::string_view text) const override {
    if (literals_.contains(std::string(text))) return {};
    return wrong("it is none of the choices");
  }
  std::size_t bytes() const override {
    std::size_t bytes = sizeof *this;
    for (const std::string& literal : literals_) bytes += literal.size() + 64;
    return bytes;
  }

 private:
  std::set<std::string> literals_;
};

// One past the JSON object at `at`, or npos: brackets are counted, strings skipped.
std::size_t object_end(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '{') return std::string_view::npos;
  std::size_t open = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++open;
    } else if ((c == '}' || c == ']') && --open == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

class ToolJudge final : public Judge {
 public:
  ToolJudge(std::map<std::string, std::shared_ptr<const Schema>> tools, ToolFormat format, std::size_t most)
      : tools_(std::move(tools)), format_(std::move(format)), most_(most) {}

  Result<> validate(std::string_view text) const override {
    DM_TRY(read_tools(text));
    return {};
  }

  Result<ToolText> read_tools(std::string_view text) const override {
    if (text.size() > most_) return Error{Code::kResourceExhausted, "the text is too long"};
    const std::string_view begin = without_tail(format_.begin);
    ToolText out;
    while (true) {
      const std::size_t found = text.find(begin);
      out.text += text.substr(0, found);
      if (found == std::string_view::npos) break;
      text.remove_prefix(found + begin.size());
      if (out.calls.size() == format_.calls)
        return wrong("it has more than " + std::to_string(format_.calls) + " calls");
      out.calls.push_back(DM_TRY(call(text, "/" + std::to_string(out.calls.size()))));
    }
    if (format_.use == ToolUse::kRequired) {
      if (out.calls.empty()) return wrong("it calls no tool");
      if (!without_head(out.text).empty()) return wrong("it has text beside the calls");
    }
    return out;
  }

  std::size_t bytes() const override { return sizeof *this + tools_.size() * 128; }

 private:
  // The call at the start of `text`, which is taken off it with its end.
  Result<ToolCall> call(std::string_view& text, const std::string& place) const {
    text = without_head(text);
    const std::size_t end = object_end(text, 0);
    if (end == std::string_view::npos) return wrong("call " + place + " is no complete JSON object");
    const auto value =
        DM_TRY(parse_json(text.substr(0, end), {.depth = kDeepestText, .bytes = most_}).with("call " + place));
    text = without_head(text.substr(end));
    const std::string_view close = without_head(format_.end);
    if (!text.starts_with(close)) return wrong("call " + place + " is not closed");
    text.remove_prefix(close.size());

    const auto* name = value.get_object().if_contains("name");
    const auto* arguments = value.get_object().if_contains("arguments");
    if (name == nullptr || !name->is_string() || arguments == nullptr || value.get_object().size() != 2) {
      return wrong("call " + place + " must have \"name\" and \"arguments\" alone");
    }
    const std::string called(name->get_string().data(), name->get_string().size());
    const auto tool = tools_.find(called);
    if (tool == tools_.end()) return wrong("there is no tool " + json_quoted(called.substr(0, 100)));
    DM_TRY(Validator(*tool->second).check(*arguments, place + "/arguments"));
    return ToolCall{called, to_text(*arguments)};
  }

  std::map<std::string, std::shared_ptr<const Schema>> tools_;
  ToolFormat format_;
  std::size_t most_;
};

}  // namespace

Result<ToolText> Judge::read_tools(std::string_view text) const {
  DM_TRY(validate(text));
  return ToolText{.text = std::string(text), .calls = {}};
}

std::string_view without_tail(std::string_view text) { return text.substr(0, text.find_last_not_of(kBlanks) + 1); }

std::string_view without_head(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::unique_ptr<const Judge> judge_of_schema(std::shared_ptr<const Schema> schema, std::size_t most_bytes) {
  return std::make_unique<SchemaJudge>(std::move(schema), most_bytes);
}

std::unique_ptr<const Judge> judge_of_choice(std::set<std::string> literals) {
  return std::make_unique<ChoiceJudge>(std::move(literals));
}

std::unique_ptr<const Judge> judge_of_tools(std::map<std::string, std::shared_ptr<const Schema>> tools,
                                            const ToolFormat& format, std::size_t most_bytes) {
  return std::make_unique<ToolJudge>(std::move(tools), format, most_bytes);
}

}  // namespace docmind::grammar
