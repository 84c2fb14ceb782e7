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
    const std::size_t length = byte > 0xF4U ? 1 : byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC2U ? 2 : 1;
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
  // The one that is complete first, as if the text had come byte by byte.
  std::size_t first_end = std::string::npos;
  std::size_t end = text_.size();
  for (const std::string& stop : stops_) {
    const std::size_t at = text_.find(stop);
    if (at == std::string::npos || at + stop.size() > first_end) continue;
    end = at + stop.size() < first_end ? at : std::min(end, at);
    first_end = at + stop.size();
  }
  stopped_ = first_end != std::string::npos;
  if (!stopped_) end -= held();
  std::string out = text_.substr(0, end);
  text_.erase(0, end);
  return out;
}

std::string TextStream::finish() {
  if (stopped_) return {};
  std::uint64_t replaced = 0;
  text_ += to_utf8(std::exchange(broken_, {}), replaced);
  // A replacement character may be what a stop string asks for.
  std::string out = push({});
  return stopped_ ? out : out + std::exchange(text_, {});
}

}  // namespace docmind::engine
