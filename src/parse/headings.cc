#include "parse/headings.h"

#include <algorithm>
#include <compare>
#include <string>

namespace docmind::parse {
namespace {

constexpr std::size_t kMaxTitle = 220;  // Bytes; longer lines are text.
constexpr std::size_t kMaxTitleLines = 3;
constexpr std::uint32_t kMaxChapterStep = 3;
constexpr std::uint32_t kMaxPart = 199;  // Years and sizes are no chapter numbers.

using Number = std::vector<std::uint32_t>;

struct Candidate {
  Number number;
  NumberedHeading heading;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// "=====", "-----": what plain text draws under a heading.
bool is_underline(std::string_view line) {
  line = trimmed(line);
  return line.size() >= 3 && std::string_view("=-~*^#\"").find(line[0]) != std::string_view::npos &&
         line.find_first_not_of(line[0]) == std::string_view::npos;
}

bool ends_like_text(std::string_view title) {
  return !title.empty() && std::string_view(".,;:").find(title.back()) != std::string_view::npos;
}

// The number one part of which starts at `at`; false when there is none or it is no section's.
bool read_part(std::string_view text, std::size_t& at, Number& number) {
  std::uint32_t value = 0;
  const std::size_t start = at;
  while (at < text.size() && is_digit(text[at]) && at - start < 4) {
    value = value * 10 + static_cast<std::uint32_t>(text[at++] - '0');
  }
  if (at == start || text[start] == '0' || value > kMaxPart) return false;
  number.push_back(value);
  return true;
}

// A candidate that starts at `first`, whose block (up to the next blank) ends before `last`.
bool read_candidate(std::span<const TextLine> lines, std::size_t first, std::size_t last, Candidate& found) {
  std::size_t length = 0;
  found.number = section_number(lines[first].text, length);
  if (found.number.empty()) return false;
  std::string title(trimmed(lines[first].text.substr(length)));
  std::size_t end = first + 1;
  if (title.empty()) {  // A bare number: the title is the next block.
    if (!lines[first].after_blank || end >= lines.size()) return false;
    last = end + 1;
    while (last < lines.size() && !lines[last].after_blank) ++last;
    title = trimmed(lines[end++].text);
    if (title.empty()) return false;
  }
  bool whole_block = true;
  for (; end < last && !is_underline(lines[end].text); ++end) {
    std::size_t unused = 0;
    if (end - first > kMaxTitleLines || !section_number(lines[end].text, unused).empty()) whole_block = false;
    if (!whole_block) break;
    title.append(" ").append(trimmed(lines[end].text));
  }
  const bool chapter = found.number.size() == 1;
  if (!whole_block) {  // Text follows without a blank: the first line alone, if it says enough by itself.
    if (chapter) return false;
    end = first + 1;
    title = trimmed(lines[first].text.substr(length));
  }
  if (title.empty() || title.size() >= kMaxTitle || ends_like_text(title)) return false;
  if (chapter && (!lines[first].after_blank || is_lower(title[0]))) return false;
  found.heading = {first, end - first, static_cast<std::uint8_t>(std::min<std::size_t>(found.number.size(), 6))};
  return true;
}

std::vector<Candidate> candidates(std::span<const TextLine> lines) {
  std::vector<Candidate> found;
  std::size_t last = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i >= last) {
      last = i + 1;
      while (last < lines.size() && !lines[last].after_blank) ++last;
    }
    Candidate candidate;
    if (read_candidate(lines, i, last, candidate)) found.push_back(std::move(candidate));
  }
  return found;
}

// Longest chain that ends with a number in a range of ranks: a segment tree over (length, candidate), maxima up.
class Chains {
 public:
  explicit Chains(std::size_t ranks) : size_(ranks), best_(2 * ranks) {}

  struct Chain {
    std::uint32_t length = 0;
    std::uint32_t last = 0;  // Of two equally long chains the one that ends later: contents pages come first.
    auto operator<=>(const Chain&) const = default;
  };

  void put(std::size_t rank, Chain chain) {
    for (std::size_t i = rank + size_; i > 0; i /= 2) best_[i] = std::max(best_[i], chain);
  }
  Chain best(std::size_t low, std::size_t high) const {  // Over [low, high).
    Chain found;
    for (low += size_, high += size_; low < high; low /= 2, high /= 2) {
      if (low % 2 == 1) found = std::max(found, best_[low++]);
      if (high % 2 == 1) found = std::max(found, best_[--high]);
    }
    return found;
  }

 private:
  std::size_t size_;
  std::vector<Chain> best_;
};

// The smallest number that may come before `number`.
Number lowest_before(const Number& number) {
  const std::uint32_t base = number[0] > kLetterBase ? kLetterBase : 0;
  if (number[0] - base <= kMaxChapterStep) return {};  // Any digit may come before the first letters.
  return {number[0] - kMaxChapterStep};
}

std::vector<NumberedHeading> longest_chain(const std::vector<Candidate>& found) {
  std::vector<Number> ranks;
  for (const Candidate& candidate : found) ranks.push_back(candidate.number);
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  const auto rank = [&](const Number& number) {
    return static_cast<std::size_t>(std::lower_bound(ranks.begin(), ranks.end(), number) - ranks.begin());
  };
  Chains chains(ranks.size());
  constexpr std::uint32_t kNone = 0xffffffffU;
  std::vector<std::uint32_t> before(found.size(), kNone);
  for (std::uint32_t i = 0; i < found.size(); ++i) {
    const std::size_t own = rank(found[i].number);
    const Chains::Chain chain = chains.best(rank(lowest_before(found[i].number)), own);
    if (chain.length > 0) before[i] = chain.last;
    chains.put(own, {chain.length + 1, i});
  }
  const Chains::Chain longest = chains.best(0, ranks.size());
  std::vector<NumberedHeading> kept;
  if (longest.length < 2) return kept;
  for (std::uint32_t at = longest.last; at != kNone; at = before[at]) kept.push_back(found[at].heading);
  std::reverse(kept.begin(), kept.end());
  return kept;
}

}  // namespace

std::vector<std::uint32_t> section_number(std::string_view text, std::size_t& length) {
  length = 0;
  std::size_t at = text.find_first_not_of(" \t");
  if (at == std::string_view::npos) return {};
  bool named = false;  // "Chapter 4", "Appendix B"
  for (const std::string_view name : {"Chapter ", "CHAPTER ", "Appendix ", "APPENDIX "}) {
    if (text.substr(at).starts_with(name)) {
      at += name.size();
      named = true;
      break;
    }
  }
  Number number;
  if (at < text.size() && is_upper(text[at])) {
    number.push_back(kLetterBase + 1 + static_cast<std::uint32_t>(text[at++] - 'A'));
  } else if (at >= text.size() || !read_part(text, at, number)) {
    return {};
  }
  while (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    if (!read_part(text, ++at, number)) return {};
  }
  // "A list" is no section A, "A.2 List" and "Appendix A" are.
  if (number[0] > kLetterBase && number.size() == 1 && !named) return {};
  if (number.size() > 6) return {};
  if (at < text.size() && (text[at] == '.' || (named && text[at] == ':'))) ++at;
  if (at < text.size() && text[at] != ' ' && text[at] != '\t') return {};
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  length = at;
  return number;
}

std::vector<NumberedHeading> numbered_headings(std::span<const TextLine> lines) {
  const std::vector<Candidate> found = candidates(lines);
  std::vector<NumberedHeading> kept = longest_chain(found);
  // A title that ran into the next kept heading ends where that one starts.
  for (std::size_t i = 1; i < kept.size(); ++i) {
    kept[i - 1].lines = std::min(kept[i - 1].lines, kept[i].line - kept[i - 1].line);
  }
  return kept;
}

}  // namespace docmind::parse
