#include "engine/tool_calls.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "engine/text_stream.h"

namespace docmind::engine {
namespace {

namespace json = boost::json;

constexpr std::string_view kThink = "<think>";
constexpr std::string_view kThinkEnd = "</think>";
constexpr std::string_view kCallBegin = "<tool_call>";
constexpr std::string_view kCallEnd = "</tool_call>";
constexpr std::string_view kBlank = " \t\r\n";
constexpr std::size_t kMaxCall = 1U << 20U;  // Bytes.

// Takes the part of `text` that cannot belong to `marker`, and the marker's place if it is there.
std::size_t safe_end(std::string_view text, std::string_view marker, bool& found) {
  const std::size_t at = text.find(marker);
  found = at != std::string_view::npos;
  return found ? at : text.size() - begun(text, marker);
}

}  // namespace

AnswerParser::AnswerParser(AnswerSyntax syntax)
    : syntax_(syntax),
      place_(syntax.thinking   ? Place::kThoughts
             : syntax.thoughts ? Place::kStart
                               : Place::kContent) {}

AnswerDelta AnswerParser::push(std::string_view text) {
  AnswerDelta out;
  text_ += text;
  while (step(out)) {
  }
  return out;
}

// One move; false when more text is needed.
bool AnswerParser::step(AnswerDelta& out) {
  switch (place_) {
    case Place::kStart:
      return at_start();
    case Place::kThoughts:
      return in_thoughts(out);
    case Place::kAfterThoughts: {
      const std::size_t begin = text_.find_first_not_of('\n');
      text_.erase(0, begin);
      if (text_.empty()) return false;
      place_ = Place::kContent;
      return true;
    }
    case Place::kContent:
      return in_content(out);
    case Place::kCall:
      return in_call(out);
  }
  return false;
}

bool AnswerParser::at_start() {
  const std::size_t begin = text_.find_first_not_of(kBlank);
  if (begin == std::string::npos) return false;
  const std::string_view rest = std::string_view(text_).substr(begin);
  if (rest.starts_with(kThink)) {
    text_.erase(0, begin + kThink.size());
    place_ = Place::kThoughts;
    return true;
  }
  if (kThink.starts_with(rest)) return false;
  place_ = Place::kContent;
  return true;
}

bool AnswerParser::in_thoughts(AnswerDelta& out) {
  bool found = false;
  std::size_t end = safe_end(text_, kThinkEnd, found);
  const std::size_t next = end + kThinkEnd.size();
  std::string_view thoughts = std::string_view(text_).substr(0, end);
  if (!thought_) thoughts.remove_prefix(std::min(thoughts.find_first_not_of('\n'), thoughts.size()));
  thought_ = thought_ || !thoughts.empty();
  const std::size_t last = thoughts.find_last_not_of('\n');
  if (last != std::string_view::npos) {
    out.reasoning += std::exchange(blanks_, {});
    out.reasoning += thoughts.substr(0, last + 1);
    blanks_ = thoughts.substr(last + 1);
  } else {
    blanks_ += thoughts;
  }
  text_.erase(0, found ? next : end);
  if (!found) return false;
  blanks_.clear();
  place_ = Place::kAfterThoughts;
  return true;
}

void AnswerParser::give_content(AnswerDelta& out, std::string_view text) {
  if (text.empty()) return;
  const std::size_t last = syntax_.tools ? text.find_last_not_of(kBlank) : text.size() - 1;
  if (last == std::string_view::npos) {
    blanks_ += text;
    return;
  }
  out.content += std::exchange(blanks_, std::string(text.substr(last + 1)));
  out.content += text.substr(0, last + 1);
}

bool AnswerParser::in_content(AnswerDelta& out) {
  bool found = false;
  const std::size_t end = syntax_.tools ? safe_end(text_, kCallBegin, found) : text_.size();
  give_content(out, std::string_view(text_).substr(0, end));
  text_.erase(0, found ? end + kCallBegin.size() : end);
  if (found) place_ = Place::kCall;
  return found;
}

bool AnswerParser::in_call(AnswerDelta& out) {
  const std::size_t end = text_.find(kCallEnd);
  if (end == std::string::npos && text_.size() <= kMaxCall) return false;
  if (end == std::string::npos) {
    give_up(out, std::string(kCallBegin) + std::exchange(text_, {}), "A tool call has no end.");
    syntax_.tools = false;  // What follows belongs to it.
    return false;
  }
  const std::string body = text_.substr(0, end);
  text_.erase(0, end + kCallEnd.size());
  place_ = Place::kContent;
  if (!take_call(out, body)) {
    give_up(out, std::string(kCallBegin) + body + std::string(kCallEnd), "A tool call is no JSON object with a name.");
  }
  return true;
}

bool AnswerParser::take_call(AnswerDelta& out, std::string_view body) {
  const std::size_t begin = body.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return false;
  const auto parsed = parse_json(body.substr(begin, body.find_last_not_of(kBlank) + 1 - begin), {.bytes = kMaxCall});
  const json::object* call = parsed ? parsed->if_object() : nullptr;
  const json::value* name = call == nullptr ? nullptr : call->if_contains("name");
  if (name == nullptr || !name->is_string() || name->get_string().empty()) return false;
  const json::value* arguments = call->if_contains("arguments");
  if (arguments == nullptr) arguments = call->if_contains("parameters");
  std::string text = "{}";
  if (arguments != nullptr && arguments->is_string())
    text = arguments->get_string();
  else if (arguments != nullptr && !arguments->is_null())
    text = to_text(*arguments);
  blanks_.clear();
  called_ = true;
  out.calls.push_back({.id = {}, .name = std::string(name->get_string()), .arguments = std::move(text)});
  return true;
}

void AnswerParser::give_up(AnswerDelta& out, std::string_view raw, std::string why) {
  if (parse_error_.empty()) parse_error_ = std::move(why);
  place_ = Place::kContent;
  give_content(out, raw);
}

AnswerDelta AnswerParser::finish() {
  AnswerDelta out;
  if (place_ == Place::kThoughts) {
    out.reasoning += std::exchange(text_, {});  // The beginning of "</think>".
    blanks_.clear();
    return out;
  }
  // A model that ends right after the object has said all there is to say.
  if (place_ == Place::kCall && !take_call(out, text_)) {
    give_up(out, std::string(kCallBegin) + text_, "A tool call has no end.");
    text_.clear();
  } else if (place_ == Place::kCall) {
    text_.clear();
  }
  give_content(out, std::exchange(text_, {}));
  // Blanks at the end are content, unless calls are all that was left to say.
  if (!called_) out.content += std::exchange(blanks_, {});
  return out;
}

}  // namespace docmind::engine
