#include "agents/cited_sentences.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/utf8.h"
#include "text/normalise.h"
#include "text/sentences.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMaxMarks = 64;  // Of one sentence.
constexpr std::string_view kWideOpen = "【";
constexpr std::string_view kWideClose = "】";

struct Mark {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::uint32_t> numbers{};
};

// "1", "1, 2" and "1-3"; nothing when it is anything else.
std::optional<std::vector<std::uint32_t>> numbers_in(std::string_view text) {
  std::vector<std::uint32_t> out;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::uint32_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || number > 9'999) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    out.push_back(number);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return out;
    const bool range = text.starts_with('-') || text.starts_with("–");
    if (range) {
      text.remove_prefix(text.starts_with('-') ? 1 : 3);
      std::uint32_t last = 0;
      const auto end = std::from_chars(text.data(), text.data() + text.size(), last);
      if (end.ec != std::errc() || end.ptr != text.data() + text.size() || last < number || last - number > kMaxMarks) {
        return std::nullopt;
      }
      for (std::uint32_t i = number + 1; i <= last; ++i) out.push_back(i);
      return out;
    }
    if (!text.starts_with(',') || out.size() > kMaxMarks) return std::nullopt;
    text.remove_prefix(1);
  }
}

// The next mark from `at` on.
std::optional<Mark> next_mark(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::size_t narrow = text.find('[', at);
    const std::size_t wide = text.find(kWideOpen, at);
    const std::size_t begin = std::min(narrow, wide);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::string_view open = begin == wide ? kWideOpen : "[";
    const std::string_view close = begin == wide ? kWideClose : "]";
    const std::size_t inside = begin + open.size();
    const std::size_t end = text.substr(0, std::min(text.size(), inside + 200)).find(close, inside);
    at = inside;
    if (end == std::string_view::npos) continue;
    auto numbers = numbers_in(text.substr(inside, end - inside));
    const bool in_code = std::ranges::count(text.substr(0, begin), '`') % 2 == 1;
    if (numbers && !in_code) return Mark{begin, end + close.size(), *std::move(numbers)};
  }
  return std::nullopt;
}

// The bytes of a line that are its sentence: list signs and "#" taken off.
std::size_t line_start(std::string_view line) {
  std::size_t at = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t sign = at;
  while (at < line.size() && line[at] == '#') ++at;
  if (at == sign && at + 1 < line.size() && (line[at] == '-' || line[at] == '*' || line[at] == '+') &&
      line[at + 1] == ' ')
    ++at;
  return std::min(line.find_first_not_of(" \t", at), line.size());
}

// One line without its marks, and where each byte stood.
struct Bare {
  std::string text{};
  std::vector<std::size_t> from{};                    // Per byte of `text`, and one more for the end.
  std::vector<std::pair<std::size_t, Mark>> marks{};  // Before which byte of `text` it stood.
};

Bare bare(std::string_view line, std::size_t begin) {
  Bare out;
  std::size_t at = line_start(line);
  const auto copy = [&](std::size_t end) {
    for (; at < end; ++at) {
      out.text += line[at];
      out.from.push_back(begin + at);
    }
  };
  while (auto mark = next_mark(line, at)) {
    copy(mark->begin);
    while (out.text.ends_with(' ')) {  // "word [1]." is "word."
      out.text.pop_back();
      out.from.pop_back();
    }
    at = mark->end;
    out.marks.emplace_back(out.text.size(), *std::move(mark));
  }
  copy(line.size());
  out.from.push_back(begin + line.size());
  return out;
}

void add_line(std::string_view line, std::size_t begin, std::vector<CitedSentence>& out) {
  const Bare read = bare(line, begin);
  const std::size_t first = out.size();
  const auto spans = text::sentences(read.text);
  for (const doc::Span& span : spans) {
    out.push_back({.text = read.text.substr(span.start, span.end - span.start),
                   .span = {read.from[span.start], read.from[span.end - 1] + 1}});
  }
  if (spans.empty()) return;
  for (const auto& [place, mark] : read.marks) {
    std::size_t owner = 0;  // The last sentence that starts before the mark.
    while (owner + 1 < spans.size() && spans[owner + 1].start < place) ++owner;
    CitedSentence& sentence = out[first + owner];
    for (const std::uint32_t number : mark.numbers) {
      if (sentence.marks.size() < kMaxMarks && !std::ranges::count(sentence.marks, number))
        sentence.marks.push_back(number);
    }
    sentence.span.end = std::max<std::uint64_t>(sentence.span.end, begin + mark.end);
  }
}

}  // namespace

std::vector<CitedSentence> cited_sentences(std::string_view answer) {
  std::uint64_t replaced = 0;
  std::string whole;
  if (!is_utf8(answer)) {
    whole = to_utf8(answer, replaced);
    answer = whole;
  }
  std::vector<CitedSentence> out;
  for (std::size_t at = 0; at < answer.size() && out.size() < kMaxSentences;) {
    const std::size_t end = std::min(answer.find('\n', at), answer.size());
    add_line(answer.substr(at, end - at), at, out);
    at = end + 1;
  }
  if (out.size() > kMaxSentences) out.resize(kMaxSentences);
  return out;
}

}  // namespace docmind::agents
