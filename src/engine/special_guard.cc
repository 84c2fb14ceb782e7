#include "engine/special_guard.h"

#include <array>

#include "base/utf8.h"
#include "engine/chat_template.h"

namespace docmind::engine {
namespace {

constexpr std::string_view kGuard = "\xEF\xB7\x90";        // U+FDD0
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append(std::vector<PromptPart>& parts, std::string_view text, Origin origin) {
  if (text.empty()) return;
  if (!parts.empty() && parts.back().origin == origin) {
    parts.back().text += text;
  } else {
    parts.push_back({.text = std::string(text), .origin = origin});
  }
}

// Where the character that ends before `at` begins.
std::size_t before(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && begin + 4 > at) {
    --begin;
    if ((static_cast<unsigned char>(text[begin]) & 0xC0U) != 0x80U) break;
  }
  return begin;
}

}  // namespace

SpecialGuard::SpecialGuard(std::vector<std::string> special) : special_(std::move(special)) {
  std::erase_if(special_, [](const std::string& text) { return text.empty(); });
  std::ranges::sort(special_, [](const std::string& a, const std::string& b) {
    return a.front() != b.front() ? a.front() < b.front() : a.size() > b.size();
  });
}

std::size_t SpecialGuard::length_at(std::string_view text, std::size_t at) const {
  const char first = text[at];
  auto it = std::ranges::lower_bound(special_, first, {}, [](const std::string& s) { return s.front(); });
  for (; it != special_.end() && it->front() == first; ++it) {
    if (text.substr(at).starts_with(*it)) return it->size();
  }
  return 0;
}

std::string SpecialGuard::put(std::string_view text) const {
  std::array<bool, 256> begins{};
  for (const std::string& special : special_) begins.at(static_cast<unsigned char>(special.front())) = true;
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with(kGuard)) {
      out += kReplacement;
      i += kGuard.size();
      continue;
    }
    const bool special = begins.at(static_cast<unsigned char>(text[i])) && length_at(text, i) != 0;
    const std::size_t length = special ? std::min<std::size_t>(code_point_at(text, i).length, text.size() - i) : 1;
    out += text.substr(i, length);
    if (special) out += kGuard;
    i += length;
  }
  return out;
}

void SpecialGuard::take(std::string_view text, Origin origin, std::vector<PromptPart>& parts) const {
  for (std::size_t at = text.find(kGuard); at != std::string_view::npos; at = text.find(kGuard)) {
    const std::size_t border = origin == Origin::kRequest ? at : before(text, at);
    append(parts, text.substr(0, border), origin);
    append(parts, text.substr(border, at - border), Origin::kRequest);
    text.remove_prefix(at + kGuard.size());
  }
  append(parts, text, origin);
}

}  // namespace docmind::engine
