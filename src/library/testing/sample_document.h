// Small documents with everything a document can have, made of the sentences given. For tests.
#pragma once
#include <string>
#include <vector>

#include "base/hash.h"
#include "library/records.h"

namespace docmind::library::testing {

inline constexpr std::uint32_t kDimensions = 4;

struct Sample {
  NewDocument document;
  std::vector<Embedding> embeddings;  // To be put first.
};

inline Embedding sample_embedding(const std::string& text, std::size_t spans) {
  Embedding e;
  e.key = content_hash(text);
  e.model_hash = "model";
  e.dimensions = kDimensions;
  for (std::size_t i = 0; i < kDimensions * (spans + 1); ++i) {
    const float value = static_cast<float>(e.key.bytes[i % e.key.bytes.size()]) / 256.0F;
    (i < kDimensions ? e.vector : e.spans).push_back(to_half(value));
  }
  return e;
}

// A heading, then one sentence per block and page, two sentences per chunk; a word box per sentence.
inline Sample sample_document(const std::string& path, const std::vector<std::string>& sentences,
                              const std::string& heading = "1 Chapter") {
  Sample sample;
  NewDocument& d = sample.document;
  d.path = path;
  d.parsed.type = "pdf";
  d.parsed.title = "Title of " + path;
  d.parsed.warnings = {"One image was left out."};
  d.parser_version = "parser 1";
  d.chunker_version = "chunker 1";
  d.model_hash = "model";
  d.modified_ns = 5'000'000'000;
  const auto add_block = [&](const std::string& text, doc::BlockKind kind) {
    if (!d.parsed.text.empty()) d.parsed.text += "\n\n";
    const doc::Span span{d.parsed.text.size(), d.parsed.text.size() + text.size()};
    d.parsed.text += text;
    doc::Block block;
    block.span = span;
    block.kind = kind;
    block.level = kind == doc::BlockKind::kHeading ? 1 : 0;
    d.parsed.blocks.push_back(block);
    return span;
  };
  const doc::Span title = add_block(heading, doc::BlockKind::kHeading);
  const Embedding section_vector = sample_embedding(heading, 0);
  d.sections.push_back({.heading = title, .title = heading, .path = heading, .embedding = section_vector.key});
  sample.embeddings.push_back(section_vector);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const doc::Span span = add_block(sentences[i], doc::BlockKind::kParagraph);
    d.parsed.words.push_back({span, static_cast<std::uint32_t>(i), 1.5F, 2.5F, 3.5F, 4.5F});
    const doc::Span page{i == 0 ? 0 : span.start, span.end};
    d.parsed.pages.push_back({page, std::to_string(i + 1), 595, 842});
    NewUnit unit;
    unit.span = span;
    unit.block = static_cast<std::uint32_t>(i + 1);
    unit.section = 0;
    unit.ordinal = static_cast<std::uint32_t>(i);
    unit.lead_in = i == 1 ? 0 : kNone;
    unit.chunk = static_cast<std::uint32_t>(i / 2);
    unit.position = static_cast<std::uint32_t>(i % 2);
    d.units.push_back(unit);
    if (i % 2 == 0) {
      NewChunk& chunk = d.chunks.emplace_back();
      chunk.span = span;
      chunk.heading = heading;
      chunk.tokens = 7;
      chunk.first_unit = static_cast<std::uint32_t>(i);
    }
    d.chunks.back().span.end = span.end;
    d.chunks.back().end_unit = static_cast<std::uint32_t>(i + 1);
  }
  for (NewChunk& chunk : d.chunks) {
    const std::string text = d.parsed.text.substr(chunk.span.start, chunk.span.size());
    sample.embeddings.push_back(sample_embedding(heading + text, chunk.end_unit - chunk.first_unit));
    chunk.embedding = sample.embeddings.back().key;
  }
  d.size = d.parsed.text.size();
  d.version = content_hash(d.parsed.text).hex();
  return sample;
}

}  // namespace docmind::library::testing
