#include "engine/chat_template.h"

#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>

#include <algorithm>
#include <boost/json.hpp>
#include <exception>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "engine/out_of_memory.h"
#include "engine/special_guard.h"
#include "engine/template_meter.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

constexpr std::string_view kChatMl =
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

Error unusable(const std::string& what) {
  return {Code::kInvalidArgument, "The model's chat template cannot be used: " + what + ".",
          "Import the model again, or use one whose template works."};
}

// What the template engine said, as one line.
std::string one_line(std::string_view what) {
  constexpr std::size_t kMost = 300;
  std::string line;
  for (const char c : what) {
    if (c != '\n' && c != '\r') {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  std::uint64_t replaced = 0;
  line = to_utf8(line.substr(0, kMost), replaced);
  while (line.ends_with(' ') || line.ends_with('.')) line.pop_back();
  return line;
}

// Parsing is recursive: what is nested too deep, or too long a chain, is refused before.
Result<> check_nesting(const std::vector<jinja::token>& tokens) {
  using T = jinja::token;
  std::uint32_t brackets = 0;
  std::uint32_t blocks = 0;
  std::uint32_t length = 0;
  const auto opens = [](const std::string& word) {
    return word == "if" || word == "elif" || word == "for" || word == "macro" || word == "call" || word == "filter" ||
           word == "set";
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const T& token = tokens[i];
    if (token.t == T::open_statement || token.t == T::open_expression) length = brackets = 0;
    if (token.t == T::open_paren || token.t == T::open_square_bracket || token.t == T::open_curly_bracket) ++brackets;
    const bool closes =
        token.t == T::close_paren || token.t == T::close_square_bracket || token.t == T::close_curly_bracket;
    if (closes && brackets > 0) --brackets;
    if (token.t == T::identifier && i > 0 && tokens[i - 1].t == T::open_statement) {
      // An "elif" is a block within the one before; they all end together. Counting each end as one is too strict for
      // none but templates with a hundred of them in a row.
      if (opens(token.value) && token.value != "set") ++blocks;
      if (token.value.starts_with("end") && blocks > 0) --blocks;
    }
    if (++length > ChatTemplate::Limits::kExpression || brackets + blocks > ChatTemplate::Limits::kNesting) {
      return unusable("it is nested too deeply");
    }
  }
  return {};
}

// Objects in one order of keys, whatever the order in the request: the words of a tool's description first, then by
// name. The same tools are the same bytes, so their cells are found again.
bool earlier(std::string_view a, std::string_view b) {
  static constexpr std::string_view kFirst[] = {"type", "function", "name", "description", "parameters", "properties"};
  const auto rank = [](std::string_view key) { return std::ranges::find(kFirst, key) - std::begin(kFirst); };
  return std::pair(rank(a), a) < std::pair(rank(b), b);
}

class Values {
 public:
  explicit Values(const SpecialGuard& guard) : guard_(guard) {}

  jinja::value text(std::string_view from_request) {
    const std::string guarded = guard_.put(from_request);
    bytes_ += guarded.size();
    auto value = jinja::mk_val<jinja::value_string>(guarded);
    value->mark_input();
    return value;
  }
  static jinja::value own(std::string_view text) { return jinja::mk_val<jinja::value_string>(std::string(text)); }

  jinja::value any(const json::value& value) {  // As deep as parse_json lets it be.
    switch (value.kind()) {
      case json::kind::null:
        return jinja::mk_val<jinja::value_none>();
      case json::kind::bool_:
        return jinja::mk_val<jinja::value_bool>(value.get_bool());
      case json::kind::int64:
        return jinja::mk_val<jinja::value_int>(value.get_int64());
      case json::kind::uint64:
        return jinja::mk_val<jinja::value_float>(static_cast<double>(value.get_uint64()));
      case json::kind::double_:
        return jinja::mk_val<jinja::value_float>(value.get_double());
      case json::kind::string:
        return text(value.get_string());
      case json::kind::array: {
        auto list = jinja::mk_val<jinja::value_array>();
        for (const json::value& item : value.get_array()) list->push_back(any(item));
        return list;
      }
      case json::kind::object:
        break;
    }
    std::vector<std::string_view> keys;
    for (const auto& member : value.get_object()) keys.emplace_back(member.key());
    std::ranges::sort(keys, earlier);
    auto object = jinja::mk_val<jinja::value_object>();
    for (const std::string_view key : keys) object->insert(text(key), any(value.get_object().at(key)));
    return object;
  }

  std::uint64_t bytes() const { return bytes_; }

 private:
  const SpecialGuard& guard_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

struct ChatTemplate::State {
  std::string source;
  Words words;
  SpecialGuard guard;
  jinja::program program;
  bool arguments_as_text = false;  // The template wants a tool call's arguments as JSON text, not as an object.
  bool tools = false;
  bool thinking = false;

  jinja::value call_value(const ToolCall& call, Values& values) const {
    auto function = jinja::mk_val<jinja::value_object>();
    function->insert("name", values.text(call.name));
    const auto parsed = parse_json(call.arguments, {.depth = 64, .bytes = Limits::kOutput});
    const bool as_object = !arguments_as_text && parsed && parsed->is_object();
    function->insert("arguments", as_object ? values.any(*parsed) : values.text(call.arguments));
    auto outer = jinja::mk_val<jinja::value_object>();
    outer->insert("id", values.text(call.id));
    outer->insert("type", Values::own("function"));
    outer->insert("function", function);
    return outer;
  }

  jinja::value message_value(const ChatMessage& message, Values& values) const {
    auto object = jinja::mk_val<jinja::value_object>();
    object->insert("role", Values::own(name(message.role)));
    object->insert("content", values.text(message.content));
    if (!message.reasoning.empty()) object->insert("reasoning_content", values.text(message.reasoning));
    if (!message.tool_calls.empty()) {
      auto calls = jinja::mk_val<jinja::value_array>();
      for (const ToolCall& call : message.tool_calls) calls->push_back(call_value(call, values));
      object->insert("tool_calls", calls);
    }
    if (!message.tool_call_id.empty()) object->insert("tool_call_id", values.text(message.tool_call_id));
    if (!message.name.empty()) object->insert("name", values.text(message.name));
    return object;
  }

  // The variables a template sees.
  void fill(jinja::context& context, const TemplateInput& input, Values& values) const {
    context.current_time = 0;  // Nobody sees it; see strftime_now.
    if (input.extra != nullptr) {
      for (const auto& member : *input.extra) context.set_val(std::string(member.key()), values.any(member.value()));
    }
    auto messages = jinja::mk_val<jinja::value_array>();
    for (const ChatMessage& message : input.messages) messages->push_back(message_value(message, values));
    context.set_val("messages", messages);
    context.set_val("bos_token", Values::own(words.begin));
    context.set_val("eos_token", Values::own(words.end));
    context.set_val("add_generation_prompt", jinja::mk_val<jinja::value_bool>(input.turn == Turn::kAssistant));
    if (input.tools != nullptr && !input.tools->empty())
      context.set_val("tools", values.any(json::value(*input.tools)));
    if (input.extra == nullptr) return;
    // The template's name for it has a blank at the end (see open()), so that it has this one or none.
    const json::value* date = input.extra->if_contains("current_date");
    if (date == nullptr || !date->is_string()) return;
    const std::string day(date->get_string());
    context.set_val("strftime_now ",
                    jinja::mk_val<jinja::value_func>("strftime_now", [day](const jinja::func_args&) -> jinja::value {
                      auto text = jinja::mk_val<jinja::value_string>(day);
                      text->mark_input();
                      return text;
                    }));
  }

  enum class Effort : std::uint8_t { kTrial, kFull };
  Result<jinja::value_string> run(const TemplateInput& input, Effort effort) const;
  Result<std::vector<PromptPart>> parts(const TemplateInput& input, Effort effort) const;
};

namespace {

Error failed(const template_meter::Meter& meter, const char* what) {
  if (meter.exceeded) {
    return {Code::kResourceExhausted, "The model's chat template does more work than any should on this conversation.",
            "Send shorter messages, or use a model whose template works."};
  }
  return {Code::kInvalidArgument, "The model's chat template refuses this conversation: " + one_line(what) + ".",
          std::string_view(what).find("strftime_now ") != std::string_view::npos
              ? "It wants to know the day: give one in chat_template_kwargs as current_date."
              : "Check the order of roles and the fields of the messages."};
}

}  // namespace

Result<jinja::value_string> ChatTemplate::State::run(const TemplateInput& input, Effort effort) const {
  constexpr std::uint64_t kBytes = 64U << 20U;  // Text made and copied, besides
  constexpr std::uint64_t kCopies = 256;        // so many times what came in.
  constexpr std::uint64_t kTrial = 16;          // A trial gets this part of it.
  const std::uint64_t part = effort == Effort::kTrial ? kTrial : 1;
  template_meter::Meter meter{
      .steps = Limits::kSteps / part,
      .bytes = std::numeric_limits<std::uint64_t>::max(),  // What comes in is bounded elsewhere.
      .levels = Limits::kLevels};
  try {
    const template_meter::Run run(meter);
    Values values(guard);
    jinja::context context(source);
    fill(context, input, values);
    meter.bytes = (kBytes / part) + (values.bytes() * kCopies);
    return jinja::runtime::gather_string_parts(jinja::runtime(context).execute(program));
  } catch (const std::exception& e) {
    // llama.cpp's interpreter throws what it has caught anew, as text.
    if (std::string_view(e.what()).find("std::bad_alloc") != std::string_view::npos) return out_of_memory();
    return failed(meter, e.what());
  }
}

ChatTemplate::ChatTemplate(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

Result<ChatTemplate> ChatTemplate::open(std::string_view source, Words words) {
  if (source.empty()) source = kChatMl;
  if (source.size() > Limits::kSource) return unusable("it is longer than 256 KiB");
  auto state = std::make_unique<State>();
  state->source = source;
  state->guard = SpecialGuard(words.special);
  state->words = std::move(words);
  try {
    jinja::lexer_result lexed = jinja::lexer().tokenize(state->source);
    DM_TRY(check_nesting(lexed.tokens));
    // A name that no template can write itself, so that none gets at the engine's function with its clock.
    for (jinja::token& token : lexed.tokens) {
      if (token.t == jinja::token::identifier && token.value == "strftime_now") token.value += ' ';
    }
    state->program = jinja::parse_from_tokens(lexed);
  } catch (const std::exception& e) {
    return unusable(one_line(e.what()));
  }
  ChatTemplate made(std::move(state));
  made.probe();
  return made;
}

// What the template knows, found by trying it. A template that refuses a trial knows less, that is all.
void ChatTemplate::probe() {
  const std::vector<ChatMessage> asked{{.role = Role::kUser, .content = "question"}};
  const auto text = [&](const TemplateInput& input) {
    const auto parts = state_->parts(input, State::Effort::kTrial);
    std::string all;
    if (parts) {
      for (const PromptPart& part : *parts) all += part.text;
    }
    return all;
  };
  const json::array tools{{{"type", "function"},
                           {"function",
                            {{"name", "docmind_probe"},
                             {"description", "none"},
                             {"parameters", {{"type", "object"}, {"properties", json::object()}}}}}}};
  state_->tools = text({.messages = asked, .tools = &tools}).find("docmind_probe") != std::string::npos;
  const json::object on{{"enable_thinking", true}};
  const json::object off{{"enable_thinking", false}};
  state_->thinking = text({.messages = asked, .extra = &on}) != text({.messages = asked, .extra = &off});
  const std::vector<ChatMessage> called{
      asked[0],
      {.role = Role::kAssistant, .tool_calls = {{.id = "123456789", .name = "f", .arguments = R"({"key":"word"})"}}},
      {.role = Role::kTool, .content = "done", .tool_call_id = "123456789", .name = "f"}};
  // Python's form of an object is what comes of treating it as text.
  state_->arguments_as_text = text({.messages = called}).find("{'key': 'word'}") != std::string::npos;
}

bool ChatTemplate::has_tools() const { return state_->tools; }
bool ChatTemplate::has_thinking() const { return state_->thinking; }

Result<std::vector<PromptPart>> ChatTemplate::State::parts(const TemplateInput& input, Effort effort) const {
  const auto text = DM_TRY(run(input, effort));
  std::vector<PromptPart> parts;
  std::size_t bytes = 0;
  for (const jinja::string_part& part : text->val_str.parts) {
    bytes += part.val.size();
    if (bytes > Limits::kOutput) {
      return Error{Code::kResourceExhausted, "The conversation is longer than 16 MiB.", "Send less of it."};
    }
    guard.take(part.val, part.is_input ? Origin::kRequest : Origin::kTemplate, parts);
  }
  return parts;
}

Result<std::vector<PromptPart>> ChatTemplate::render(const TemplateInput& input) const {
  return state_->parts(input, State::Effort::kFull);
}

}  // namespace docmind::engine
