#include "supervisor/agent_name.h"

#include <boost/json/array.hpp>
#include <optional>

#include "base/json_members.h"

namespace docmind::supervisor {
namespace {

bool is_text_block(const Value& block) { return json_text(json_member(block, "type")) == "text"; }

// A list of blocks, as opposed to one text.
const Array* blocks_of(const Value& message) {
  const Array& blocks = json_list(json_member(message, "content"));
  return !blocks.empty() && !json_member(blocks.front(), "type").is_null() ? &blocks : nullptr;
}

const Value* first_text(const Array& blocks) {
  for (const Value& block : blocks) {
    if (is_text_block(block)) return &block;
  }
  return nullptr;
}

// `text` in place of all text blocks; no block for an empty one.
Array with_text(const Array& blocks, std::string_view text) {
  Array out;
  if (!text.empty()) out.push_back(Object{{"type", "text"}, {"text", text}});
  for (const Value& block : blocks) {
    if (!is_text_block(block)) out.push_back(block);
  }
  return out;
}

// What stands between the first <tag> and the next </tag>.
std::optional<std::string> between(std::string_view text, const std::string& tag) {
  const std::size_t open = text.find("<" + tag + ">");
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t from = open + tag.size() + 2;
  const std::size_t to = text.find("</" + tag + ">", from);
  if (to == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(from, to - from));
}

}  // namespace

Value with_inline_name(Value message) {
  if (!is_assistant(message) || name_of(message).empty()) return message;
  const auto wrapped = [name = std::string(name_of(message))](std::string_view text) {
    return "<name>" + name + "</name><content>" + std::string(text) + "</content>";
  };
  if (const Array* blocks = blocks_of(message)) {
    const Value* text = first_text(*blocks);
    Array named = with_text(*blocks, wrapped(text != nullptr ? json_text(json_member(*text, "text")) : ""));
    message.get_object()["content"] = std::move(named);
  } else {
    message.get_object()["content"] = wrapped(text_of(message));
  }
  return message;
}

Value without_inline_name(Value message) {
  if (!is_assistant(message)) return message;
  const Array* blocks = blocks_of(message);
  const Value* block = blocks != nullptr ? first_text(*blocks) : nullptr;
  if (blocks != nullptr && block == nullptr) return message;
  const std::string text = block != nullptr ? std::string(json_text(json_member(*block, "text"))) : text_of(message);
  const std::optional<std::string> name = between(text, "name");
  const std::optional<std::string> content = between(text, "content");
  if (!name || !content) return message;
  if (blocks != nullptr) {
    Array plain = with_text(*blocks, *content);
    message.get_object()["content"] = std::move(plain);
  } else {
    message.get_object()["content"] = *content;
  }
  return message;
}

}  // namespace docmind::supervisor
