#include "context/impl/slide.h"

#include <algorithm>
#include <vector>

#include "text/sentences.h"

namespace docmind::context {
namespace {

constexpr std::size_t kCoarse = 1024;  // Bytes of a piece that is counted; finer ones where a cut falls.
constexpr std::size_t kFine = 48;
constexpr int kTries = 6;

bool starts_character(std::string_view text, std::size_t at) {
  return at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U;
}

// Ends of consecutive pieces of about `bytes`, the last one text.size().
std::vector<std::size_t> piece_ends(std::string_view text, std::size_t bytes) {
  std::vector<std::size_t> ends;
  std::size_t at = 0;
  while (text.size() - at > bytes) {
    const std::size_t space = text.find_last_of(" \n\t", at + bytes);
    std::size_t end = space != std::string_view::npos && space > at + bytes / 2 ? space : at + bytes;
    while (!starts_character(text, end)) ++end;
    ends.push_back(end);
    at = end;
  }
  if (at < text.size()) ends.push_back(text.size());
  return ends;
}

class Cutter {
 public:
  Cutter(std::string_view text, const llm::Capabilities& model, TokenCounter& counter, Deadline deadline,
         std::stop_token stop)
      : text_(text), model_(model), counter_(counter), deadline_(deadline), stop_(std::move(stop)) {}

  Result<> count() {
    pieces_ = DM_TRY(pieces(text_, kCoarse));
    return {};
  }

  // The most bytes from the start that have at most `tokens`.
  Result<std::size_t> head(std::uint64_t tokens) {
    std::size_t at = 0;
    std::size_t i = 0;
    for (; i < pieces_.size() && pieces_[i].tokens <= tokens; ++i) {
      tokens -= pieces_[i].tokens;
      at = pieces_[i].end;
    }
    if (i == pieces_.size()) return at;
    for (const Piece& fine : DM_TRY(pieces(text_.substr(at, pieces_[i].end - at), kFine))) {
      if (fine.tokens > tokens) return at + fine.begin;
      tokens -= fine.tokens;
    }
    return pieces_[i].end;
  }

  // The least start from which on there are at most `tokens`.
  Result<std::size_t> tail(std::uint64_t tokens) {
    std::size_t at = text_.size();
    std::size_t i = pieces_.size();
    for (; i > 0 && pieces_[i - 1].tokens <= tokens; --i) {
      tokens -= pieces_[i - 1].tokens;
      at = pieces_[i - 1].begin;
    }
    if (i == 0) return at;
    const std::size_t begin = pieces_[i - 1].begin;
    const auto fine = DM_TRY(pieces(text_.substr(begin, at - begin), kFine));
    for (auto it = fine.rbegin(); it != fine.rend(); ++it) {
      if (it->tokens > tokens) return begin + it->end;
      tokens -= it->tokens;
    }
    return begin;
  }

  Result<std::uint64_t> tokens(std::string_view text) {
    return DM_TRY(counter_.count(model_, std::span(&text, 1), deadline_, stop_)).tokens[0];
  }

 private:
  struct Piece {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::uint64_t tokens = 0;
  };

  Result<std::vector<Piece>> pieces(std::string_view text, std::size_t bytes) {
    std::vector<Piece> out;
    std::vector<std::string_view> views;
    for (const std::size_t end : piece_ends(text, bytes)) {
      const std::size_t begin = out.empty() ? 0 : out.back().end;
      out.push_back({begin, end, 0});
      views.push_back(text.substr(begin, end - begin));
    }
    const Counts counts = DM_TRY(counter_.count(model_, views, deadline_, stop_));
    for (std::size_t i = 0; i < out.size(); ++i) out[i].tokens = counts.tokens[i];
    return out;
  }

  std::string_view text_;
  const llm::Capabilities& model_;
  TokenCounter& counter_;
  Deadline deadline_;
  std::stop_token stop_;
  std::vector<Piece> pieces_;
};

// Where the last sentence before `to` starts, if that is behind `from`; else `to`.
std::size_t sentence_start(std::string_view text, std::size_t from, std::size_t to) {
  const auto sentences = text::sentences(text.substr(from, to - from));
  return sentences.size() < 2 ? to : from + sentences.back().start;  // The first one may have started before `from`.
}

Result<std::optional<Slid>> cut(std::string_view text, SlideBudget budget, Cutter& cutter) {
  const std::uint64_t tokens = budget.tokens;
  const std::uint64_t head_tokens = tokens / 6;
  const std::size_t head = DM_TRY(cutter.head(head_tokens));
  std::size_t tail = DM_TRY(cutter.tail(tokens - head_tokens));
  const std::size_t earliest = std::max(head, DM_TRY(cutter.tail(tokens - head_tokens + budget.overlap)));
  if (earliest < tail) tail = sentence_start(text, earliest, tail);
  while (tail < text.size() && (text[tail] == ' ' || text[tail] == '\n')) ++tail;
  if (head == 0 || tail >= text.size() || tail <= head) return std::optional<Slid>();
  Slid out{.start = head, .end = tail};
  out.text.append(text.substr(0, head)).append(kTruncationMark).append(text.substr(tail));
  out.tokens = DM_TRY(cutter.tokens(out.text));
  return std::optional(std::move(out));
}

}  // namespace

Result<std::optional<Slid>> slide(std::string_view text, SlideBudget budget, const llm::Capabilities& model,
                                  TokenCounter& counter, Deadline deadline, std::stop_token stop) {
  const std::uint64_t most = budget.tokens + budget.overlap + kMarkTokens;
  Cutter cutter(text, model, counter, deadline, std::move(stop));
  DM_TRY(cutter.count());
  // Pieces joined may have more tokens than apart: what was too much is taken off.
  for (int i = 0; i < kTries; ++i) {
    auto out = DM_TRY(cut(text, budget, cutter));
    if (!out || out->tokens <= most) return out;
    const std::uint64_t over = out->tokens - most + kMarkTokens;
    if (over >= budget.tokens) break;
    budget.tokens -= over;
  }
  return std::optional<Slid>();
}

}  // namespace docmind::context
