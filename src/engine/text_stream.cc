#include "engine/text_stream.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/utf8.h"

namespace docmind::engine {
namespace {

// Where the character that is not finished at the end of the bytes begins; their size when there is none.
std::size_t open_character(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC0U ? 2 : 1;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

}  // namespace

std::size_t begun(std::string_view text, std::string_view word) {
  for (std::size_t length = std::min(text.size(), word.empty() ? 0 : word.size() - 1); length > 0; --length) {
    if (word.starts_with(text.substr(text.size() - length))) return length;
  }
  return 0;
}

TextStream::TextStream(std::vector<std::string> stops) : stops_(std::move(stops)) {}

void TextStream::take_characters(std::string_view bytes) {
  broken_ += bytes;
  const std::size_t whole = open_character(broken_);
  std::uint64_t replaced = 0;
  text_ += to_utf8(std::string_view(broken_).substr(0, whole), replaced);
  broken_.erase(0, whole);
}

std::size_t TextStream::held() const {
  std::size_t most = 0;
  for (const std::string& stop : stops_) most = std::max(most, begun(text_, stop));
  return most;
}

std::string TextStream::push(std::string_view bytes) {
  if (stopped_) return {};
  take_characters(bytes);
  std::size_t end = std::string::npos;
  for (const std::string& stop : stops_) end = std::min(end, text_.find(stop));
  stopped_ = end != std::string::npos;
  if (!stopped_) end = text_.size() - held();
  std::string out = text_.substr(0, end);
  text_.erase(0, end);
  return out;
}

std::string TextStream::finish() {
  if (stopped_) return {};
  if (!broken_.empty()) text_ += "\xEF\xBF\xBD";
  broken_.clear();
  // The replacement character may be what a stop string asks for.
  std::string out = push({});
  return stopped_ ? out : out + std::exchange(text_, {});
}

}  // namespace docmind::engine
