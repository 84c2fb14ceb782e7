// Snapshot::content_hash: what a library says, whatever rows it lies in. Documents in order of path; ids relative to
// the document; no ids of documents, no times.
#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

#include "library/library.h"

namespace docmind::library {
namespace {

class ContentHasher {
 public:
  ContentHasher& text(std::string_view bytes) {
    hasher_.field(bytes);
    return *this;
  }
  ContentHasher& number(std::uint64_t value) { return text({reinterpret_cast<const char*>(&value), sizeof value}); }
  ContentHasher& real(float value) { return number(std::bit_cast<std::uint32_t>(value)); }
  ContentHasher& span(const doc::Span& span) { return number(span.start).number(span.end); }
  ContentHasher& halves(const Halves& values) {
    return text({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Half)});
  }
  ContentHash finish() { return hasher_.finish(); }

 private:
  Hasher hasher_;
};

Result<> add_layout(Snapshot& at, const Document& d, ContentHasher& hash) {
  for (const Page& page : DM_TRY(at.pages(d.key))) {
    hash.span(page.page.span).text(page.page.label).real(page.page.width).real(page.page.height);
    for (const doc::Word& word : DM_TRY(at.words(d.key, page.index))) {
      hash.span(word.span).real(word.left).real(word.top).real(word.right).real(word.bottom);
    }
  }
  for (const Block& block : DM_TRY(at.blocks(d.key))) {
    hash.span(block.block.span).number(static_cast<std::uint64_t>(block.block.kind)).number(block.block.level);
    hash.number(block.block.source ? 1 : 0).number(block.block.header).number(block.page).text(block.block.locator);
  }
  for (const Section& section : DM_TRY(at.sections(d.key))) {
    hash.span(section.heading).text(section.title).text(section.path).number(section.level).number(section.parent);
    if (section.embedding) hash.text(section.embedding->view());
  }
  return {};
}

Result<> add_passages(Snapshot& at, const Document& d, ContentHasher& hash) {
  const auto relative = [](std::int64_t id, std::int64_t first) {
    return id == 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(id - first);
  };
  for (const Unit& u : DM_TRY(at.units(d.key))) {
    hash.number(relative(u.id, d.first_unit)).span(u.span).number(static_cast<std::uint64_t>(u.kind)).number(u.block);
    hash.number(u.page).number(u.section).number(u.ordinal).number(relative(u.lead_in, d.first_unit));
    hash.number(u.source ? 1 : 0).number(relative(u.chunk, d.first_chunk)).number(u.position);
  }
  for (const Chunk& c : DM_TRY(at.chunks(d.key))) {
    hash.number(relative(c.id, d.first_chunk)).span(c.span).number(c.page).text(c.heading).number(c.tokens);
    hash.number(relative(c.first_unit, d.first_unit)).number(relative(c.end_unit, d.first_unit));
    hash.text(c.embedding.view());
  }
  return {};
}

Result<std::set<ContentHash>> keys_of(Snapshot& at, const Document& d) {
  std::set<ContentHash> keys;
  for (const Chunk& chunk : DM_TRY(at.chunks(d.key))) keys.insert(chunk.embedding);
  for (const Section& section : DM_TRY(at.sections(d.key))) {
    if (section.embedding) keys.insert(*section.embedding);
  }
  return keys;
}

Result<> add_vectors(Snapshot& at, const Document& d, ContentHasher& hash) {
  for (const ContentHash& key : DM_TRY(keys_of(at, d))) {
    const auto found = DM_TRY(at.embeddings(std::span(&key, 1)));
    const std::optional<Embedding>& there = found.front();
    if (!there) return Error{Code::kDataLoss, fmt::format("A vector of {} is missing.", d.path), ""};
    const Embedding& e = *there;
    hash.text(key.view()).text(e.model_hash).number(e.dimensions).halves(e.vector).halves(e.spans);
  }
  return {};
}

}  // namespace

Result<ContentHash> Snapshot::content_hash() {
  ContentHasher hash;
  constexpr std::uint32_t kPage = 256;
  for (std::uint64_t offset = 0;; offset += kPage) {
    const auto listed = DM_TRY(documents({.filter = {}, .offset = offset, .limit = kPage}));
    for (const Document& d : listed) {
      hash.text(d.path).text(d.version).text(d.type).text(d.title).number(d.size);
      hash.text(d.parser_version).text(d.chunker_version).text(d.model_hash);
      for (const std::string& warning : d.warnings) hash.text(warning);
      hash.text(DM_TRY(text(d.key)));
      DM_TRY(add_layout(*this, d, hash));
      DM_TRY(add_passages(*this, d, hash));
      DM_TRY(add_vectors(*this, d, hash));
    }
    if (listed.size() < kPage) return hash.finish();
  }
}

}  // namespace docmind::library
