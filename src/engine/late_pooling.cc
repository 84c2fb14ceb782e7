#include "engine/late_pooling.h"

#include <algorithm>
#include <cmath>

namespace docmind::engine {
namespace {

void add_row(std::span<float> sum, std::span<const float> row, float weight = 1) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * row[i];
}

}  // namespace

void normalise(std::span<float> vector) {
  double squares = 0;
  for (const float v : vector) squares += static_cast<double>(v) * v;
  if (!(squares > 0)) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& v : vector) v *= scale;
}

std::vector<Window> plan_windows(std::uint32_t tokens, std::uint32_t room) {
  DM_CHECK(room > 0);
  if (tokens <= room) return {{{0, tokens}, {0, tokens}}};
  // A quarter of a window of context on each inner side is shared; the windows are spread evenly over the text.
  const std::uint32_t step = room - room / 4;
  const std::uint32_t count = 1 + (tokens - room + step - 1) / step;
  std::vector<Window> windows(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto start = static_cast<std::uint32_t>(i * (tokens - room) / (count - 1));
    windows[i].tokens = {start, start + room};
    if (i > 0) {
      const std::uint32_t border = (start + windows[i - 1].tokens.end + 1) / 2;
      windows[i - 1].own.end = windows[i].own.begin = border;
    }
  }
  windows.back().own.end = tokens;
  return windows;
}

Pooler::Pooler(const EncoderFacts& facts, const TokenisedText& text)
    : facts_(facts),
      text_(text),
      windows_(plan_windows(static_cast<std::uint32_t>(text.tokens.size()),
                            facts.window - static_cast<std::uint32_t>(facts.prefix.size() + facts.suffix.size()))) {
  sums_.vector.assign(facts.dimensions, 0);
  sums_.spans.assign(text.spans.size(), std::vector<float>(facts.dimensions, 0));
}

std::vector<TokenId> Pooler::sequence(std::size_t window) const {
  const TokenRange& range = windows_[window].tokens;
  std::vector<TokenId> out = facts_.prefix;
  out.insert(out.end(), text_.tokens.begin() + range.begin, text_.tokens.begin() + range.end);
  out.insert(out.end(), facts_.suffix.begin(), facts_.suffix.end());
  return out;
}

void Pooler::add(std::size_t window, std::span<const float> rows) {
  if (window != next_) {
    early_.emplace(window, std::vector<float>(rows.begin(), rows.end()));
    return;
  }
  add_in_turn(next_++, rows);
  for (auto it = early_.begin(); it != early_.end() && it->first == next_; it = early_.erase(it)) {
    add_in_turn(next_++, it->second);
  }
}

void Pooler::add_in_turn(std::size_t window, std::span<const float> rows) {
  const std::size_t d = facts_.dimensions;
  const Window& w = windows_[window];
  const std::size_t length = facts_.prefix.size() + (w.tokens.end - w.tokens.begin) + facts_.suffix.size();
  DM_CHECK(rows.size() == length * d);
  const auto row = [&](std::size_t i) { return rows.subspan(i * d, d); };
  const auto row_of_token = [&](std::uint32_t token) { return row(facts_.prefix.size() + token - w.tokens.begin); };

  if (facts_.pooling == Pooling::kCls) {
    add_row(sums_.vector, row(0), static_cast<float>(std::max(1U, w.own.end - w.own.begin)));
  } else {
    for (std::uint32_t t = w.own.begin; t < w.own.end; ++t) add_row(sums_.vector, row_of_token(t));
    if (window == 0) {
      for (std::size_t i = 0; i < facts_.prefix.size(); ++i) add_row(sums_.vector, row(i));
    }
    if (window + 1 == windows_.size()) {
      for (std::size_t i = 0; i < facts_.suffix.size(); ++i) add_row(sums_.vector, row(length - 1 - i));
    }
  }
  for (std::size_t s = 0; s < text_.spans.size(); ++s) {
    const std::uint32_t end = std::min(text_.spans[s].end, w.own.end);
    for (std::uint32_t t = std::max(text_.spans[s].begin, w.own.begin); t < end; ++t) {
      add_row(sums_.spans[s], row_of_token(t));
    }
  }
  sums_.tokens += static_cast<std::uint32_t>(length);
}

llm::Embedding Pooler::finish() {
  normalise(sums_.vector);
  for (auto& span : sums_.spans) normalise(span);
  return std::move(sums_);
}

}  // namespace docmind::engine
