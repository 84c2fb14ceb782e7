#include "ingest/chunker.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <utility>

namespace docmind::ingest {
namespace {

using library::kNone;
using library::NewChunk;
using library::NewUnit;

constexpr std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

class Cutter {
 public:
  Cutter(const doc::Parsed& parsed, Structure& structure, const text::WordPiece& wordpiece, const ChunkLimits& limits)
      : text_(parsed.text), structure_(structure), units_(structure.units), wordpiece_(wordpiece), limits_(limits) {}

  std::vector<NewChunk> cut();

 private:
  void cut_section(std::uint32_t first, std::uint32_t end);
  void count_tokens(std::uint32_t first, std::uint32_t end);
  std::uint32_t end_of_stretch(std::uint32_t first, std::uint32_t end) const;
  std::uint32_t end_of_chunk(std::uint32_t first, std::uint32_t end, std::uint32_t beyond) const;
  std::uint32_t best_border(std::uint32_t lowest, std::uint32_t highest) const;
  std::uint32_t start_of_next(std::uint32_t first, std::uint32_t border, std::uint32_t end) const;
  void add_chunk(std::uint32_t first, std::uint32_t end);
  void give_vectors();
  bool has_children(std::uint32_t section) const;

  std::string_view span_text(doc::Span span) const { return text_.substr(span.start, span.size()); }
  // Tokens of the units [first, end) with what stands between them.
  std::uint64_t tokens(std::uint32_t first, std::uint32_t end) const {
    return before_[end - base_] - before_[first - base_];
  }

  // Tokens a chunk of this section has left for its text.
  std::uint64_t room() const { return limits_.tokens - std::min(path_tokens_, limits_.tokens / 2); }

  const std::string_view text_;
  Structure& structure_;
  std::vector<NewUnit>& units_;
  const text::WordPiece& wordpiece_;
  const ChunkLimits limits_;

  // Of the section at hand.
  std::string_view path_;
  std::uint32_t path_tokens_ = 0;
  std::uint32_t base_ = 0;             // Its first unit.
  std::vector<std::uint64_t> before_;  // Tokens in front of each of its units, and at the end of the last.
  std::uint32_t first_chunk_ = 0;      // Its first chunk.
  std::vector<NewChunk> out_;
};

void Cutter::count_tokens(std::uint32_t first, std::uint32_t end) {
  base_ = first;
  before_.assign(1, 0);
  for (std::uint32_t u = first; u < end; ++u) {
    const std::uint64_t to = u + 1 < end ? units_[u + 1].span.start : units_[u].span.end;
    before_.push_back(before_.back() + wordpiece_.count(span_text({units_[u].span.start, to})));
  }
}

// Of the borders in [lowest, highest] the one whose neighbourhood, not place, decides.
std::uint32_t Cutter::best_border(std::uint32_t lowest, std::uint32_t highest) const {
  std::uint32_t best = highest;
  std::pair<bool, std::uint64_t> best_rank{true, std::numeric_limits<std::uint64_t>::max()};
  for (std::uint32_t border = highest; border >= lowest; --border) {
    const NewUnit& before = units_[border - 1];
    const std::pair<bool, std::uint64_t> rank{units_[border].block == before.block, fnv1a(span_text(before.span))};
    if (rank < best_rank) {
      best_rank = rank;
      best = border;
    }
  }
  return best;
}

// A long section is cut into stretches of 3 to 5.5 chunks first, and each into chunks. Seen from a stretch, a new
// sentence hardly moves the window in which its end is chosen, so the next stretch begins where it did before.
std::uint32_t Cutter::end_of_stretch(std::uint32_t first, std::uint32_t end) const {
  if (tokens(first, end) * 2 <= room() * 11) return end;
  std::uint32_t lowest = first + 1;
  while (tokens(first, lowest) < room() * 3) ++lowest;
  std::uint32_t highest = lowest;
  while (tokens(first, highest + 1) * 2 <= room() * 11) ++highest;
  return best_border(lowest, highest);
}

// A chunk from `first` that ends after `beyond` and at most at `end`.
std::uint32_t Cutter::end_of_chunk(std::uint32_t first, std::uint32_t end, std::uint32_t beyond) const {
  std::uint32_t highest = std::max(first, beyond) + 1;
  while (highest < end && tokens(first, highest + 1) <= room()) ++highest;
  if (highest == end) return end;
  std::uint32_t lowest = highest;
  while (lowest > std::max(first, beyond) + 1 && tokens(first, lowest - 1) * 10 >= room() * 6) --lowest;
  return best_border(lowest, highest);
}

// About limits_.overlap tokens before the border, but never so much that the unit after it has no room.
std::uint32_t Cutter::start_of_next(std::uint32_t first, std::uint32_t border, std::uint32_t end) const {
  std::uint32_t start = border;
  while (start > first + 1 && tokens(start, border) < limits_.overlap &&
         tokens(start - 1, border) <= 2ULL * limits_.overlap) {
    --start;
  }
  while (start < border && border < end && tokens(start, border + 1) > room()) ++start;
  return start;
}

void Cutter::add_chunk(std::uint32_t first, std::uint32_t end) {
  NewChunk chunk;
  chunk.span = {units_[first].span.start, units_[end - 1].span.end};
  chunk.heading = path_;
  chunk.first_unit = first;
  chunk.end_unit = end;
  chunk.tokens = path_tokens_ + wordpiece_.count(span_text(chunk.span));
  out_.push_back(std::move(chunk));
}

// Each unit that can be quoted takes its vector from the chunk in which it lies farthest from a border.
void Cutter::give_vectors() {
  const std::span<NewChunk> chunks = std::span(out_).subspan(first_chunk_);
  std::vector<std::uint64_t> best(before_.size(), 0);
  for (std::uint32_t c = 0; c < chunks.size(); ++c) {
    for (std::uint32_t u = chunks[c].first_unit; u < chunks[c].end_unit; ++u) {
      const std::uint64_t margin = std::min(tokens(chunks[c].first_unit, u), tokens(u + 1, chunks[c].end_unit));
      if (!units_[u].source || (units_[u].chunk != kNone && margin <= best[u - base_])) continue;
      best[u - base_] = margin;
      units_[u].chunk = first_chunk_ + c;
    }
  }
  for (std::uint32_t c = 0; c < chunks.size(); ++c) {
    std::uint32_t position = 0;
    for (std::uint32_t u = chunks[c].first_unit; u < chunks[c].end_unit; ++u) {
      if (units_[u].chunk == first_chunk_ + c) units_[u].position = position++;
    }
  }
}

bool Cutter::has_children(std::uint32_t section) const {
  return section + 1 < structure_.sections.size() && structure_.sections[section + 1].parent == section;
}

void Cutter::cut_section(std::uint32_t first, std::uint32_t end) {
  const std::uint32_t section = units_[first].section;
  path_ = section == kNone ? std::string_view() : std::string_view(structure_.sections[section].path);
  path_tokens_ = wordpiece_.count(path_);
  first_chunk_ = static_cast<std::uint32_t>(out_.size());
  const bool headed = units_[first].kind == library::UnitKind::kHeading;
  if (headed && first + 1 == end) {  // A heading without a body is in the path of its children, if it has any.
    if (!has_children(section)) add_chunk(first, end);
    return;
  }
  if (headed) ++first;
  count_tokens(first, end);
  std::uint32_t start = first;
  std::uint32_t border = first;
  while (border < end) {
    const std::uint32_t stretch = end_of_stretch(border, end);
    while (border < stretch) {
      border = end_of_chunk(start, stretch, border);
      add_chunk(start, border);
      start = start_of_next(start, border, end);
    }
  }
  give_vectors();
}

std::vector<NewChunk> Cutter::cut() {
  for (std::uint32_t first = 0; first < units_.size();) {
    std::uint32_t end = first + 1;
    while (end < units_.size() && units_[end].section == units_[first].section) ++end;
    cut_section(first, end);
    first = end;
  }
  return std::move(out_);
}

}  // namespace

std::vector<NewChunk> cut_chunks(const doc::Parsed& parsed, Structure& structure, const text::WordPiece& wordpiece,
                                 const ChunkLimits& limits) {
  return Cutter(parsed, structure, wordpiece, limits).cut();
}

llm::EmbedInput input_of(const doc::Parsed& parsed, std::span<const NewUnit> units, const NewChunk& chunk,
                         std::uint32_t chunk_index) {
  llm::EmbedInput input;
  input.text = chunk.heading;
  if (!input.text.empty()) input.text += '\n';
  const std::uint64_t shift = input.text.size();
  input.text.append(parsed.text, chunk.span.start, chunk.span.size());
  for (const NewUnit& unit : units.subspan(chunk.first_unit, chunk.end_unit - chunk.first_unit)) {
    if (unit.chunk != chunk_index) continue;
    input.spans.push_back({unit.span.start - chunk.span.start + shift, unit.span.end - chunk.span.start + shift});
  }
  return input;
}

llm::EmbedInput input_of(const library::NewSection& section) { return {section.title, {}}; }

ContentHash key_of(const llm::EmbedInput& input, std::string_view model_hash) {
  Hasher hasher;
  hasher.field(model_hash).field(kChunkerVersion).field(input.text);
  for (const doc::Span& span : input.spans) {
    std::array<char, 16> bytes{};  // Little-endian, whatever the machine.
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[i] = static_cast<char>(span.start >> (8 * i));
      bytes[8 + i] = static_cast<char>(span.end >> (8 * i));
    }
    hasher.add({bytes.data(), bytes.size()});
  }
  return hasher.finish();
}

}  // namespace docmind::ingest
