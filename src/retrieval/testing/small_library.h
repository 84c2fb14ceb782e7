// A real library in a temporary folder, filled by hand with a fake embedder: for tests of search and of answers.
//
// A document is written as paragraphs of sentences under headings; each section is one chunk, each sentence a unit.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "library/lexical_index.h"
#include "library/library.h"
#include "library/testing/temp_library.h"
#include "llm/testing/fake_embedder.h"
#include "retrieval/index.h"
#include "text/sentences.h"

namespace docmind::retrieval {

struct TestSection {
  std::string title;
  std::vector<std::string> paragraphs;
};

struct TestDocument {
  std::string path;
  std::vector<TestSection> sections;
  std::string type = "text";
  std::int64_t modified_ms = 0;
  std::size_t page_every = 0;  // Sections on one page; 0: no pages.
};

class SmallLibrary {
 public:
  library::Library& library() { return *library_; }
  library::LexicalIndex& lexical() { return *lexical_; }
  llm::FakeEmbedder& embedder() { return embedder_; }
  ManualClock& clock() { return library_.clock(); }
  Rng& rng() { return library_.rng(); }
  library::Snapshot read() { return library_.read(); }

  std::unique_ptr<Index> index(const IndexOptions& options = {}) {
    return library::testing::must(Index::open(options, *library_, *lexical_, embedder_, clock()));
  }

  library::Document put(const TestDocument& document) {
    library::NewDocument row = laid_out(document);
    embed(row);
    return library::testing::must(library_->put_document(row, Deadline::never(), {})).document;
  }

 private:
  static library::NewDocument laid_out(const TestDocument& document) {
    library::NewDocument row;
    row.path = document.path;
    row.modified_ns = document.modified_ms * 1'000'000;
    row.parser_version = "test";
    row.chunker_version = "test";
    row.parsed.type = document.type;
    std::size_t number = 0;
    for (const TestSection& section : document.sections) {
      if (document.page_every != 0 && number % document.page_every == 0) start_page(row);
      ++number;
      add_section(section, row);
    }
    if (!row.parsed.pages.empty()) row.parsed.pages.back().span.end = row.parsed.text.size();
    row.size = row.parsed.text.size();
    row.version = content_hash(row.parsed.text).hex();
    return row;
  }

  static void start_page(library::NewDocument& row) {
    const std::uint64_t at = row.parsed.text.size();
    if (!row.parsed.pages.empty()) row.parsed.pages.back().span.end = at;
    row.parsed.pages.push_back({{at, at}, "p" + std::to_string(row.parsed.pages.size() + 1), 595, 842});
  }

  static doc::Span append_block(const std::string& text, doc::BlockKind kind, library::NewDocument& row) {
    const std::uint64_t start = row.parsed.text.size();
    row.parsed.text += text;
    doc::Block block;
    block.span = {start, row.parsed.text.size()};
    block.kind = kind;
    block.level = kind == doc::BlockKind::kHeading ? 1 : 0;
    row.parsed.blocks.push_back(block);
    row.parsed.text += "\n\n";
    return block.span;
  }

  static void add_section(const TestSection& section, library::NewDocument& row) {
    const auto index = static_cast<std::uint32_t>(row.sections.size());
    library::NewChunk chunk;
    chunk.heading = section.title;
    chunk.first_unit = static_cast<std::uint32_t>(row.units.size());
    const doc::Span heading = append_block(section.title, doc::BlockKind::kHeading, row);
    row.sections.push_back({heading, section.title, section.title, 1, library::kNone, {}});
    add_unit(heading, library::UnitKind::kHeading, index, row);
    for (const std::string& paragraph : section.paragraphs) {
      const doc::Span block = append_block(paragraph, doc::BlockKind::kParagraph, row);
      for (const doc::Span& one : text::sentences(paragraph)) {
        add_unit({block.start + one.start, block.start + one.end}, library::UnitKind::kSentence, index, row);
      }
    }
    chunk.end_unit = static_cast<std::uint32_t>(row.units.size());
    chunk.span = {heading.start, row.units.back().span.end};
    row.chunks.push_back(std::move(chunk));
  }

  static void add_unit(doc::Span span, library::UnitKind kind, std::uint32_t section, library::NewDocument& row) {
    library::NewUnit unit;
    unit.span = span;
    unit.kind = kind;
    unit.block = static_cast<std::uint32_t>(row.parsed.blocks.size() - 1);
    unit.section = section;
    unit.source = kind != library::UnitKind::kHeading;
    unit.chunk = static_cast<std::uint32_t>(row.chunks.size());
    const std::uint32_t first =
        row.units.empty() || row.units.back().chunk != unit.chunk ? 0 : row.units.back().position + 1;
    unit.position = first;
    row.units.push_back(unit);
  }

  // Embeddings of a document's chunks and titles: their keys are the hash of what was embedded.
  void embed(library::NewDocument& row) {
    row.model_hash = embedder_.settings().model_hash;
    std::vector<library::Embedding> batch;
    for (library::NewChunk& chunk : row.chunks) {
      llm::EmbedInput input{chunk.heading + "\n" + row.parsed.text.substr(chunk.span.start, chunk.span.size()), {}};
      const std::uint64_t shift = chunk.heading.size() + 1;
      for (std::uint32_t unit = chunk.first_unit; unit < chunk.end_unit; ++unit) {
        const doc::Span span = row.units[unit].span;
        input.spans.push_back({span.start - chunk.span.start + shift, span.end - chunk.span.start + shift});
      }
      batch.push_back(embedding_of(input));
      chunk.embedding = batch.back().key;
    }
    for (library::NewSection& section : row.sections) {
      batch.push_back(embedding_of({section.title, {}}));
      section.embedding = batch.back().key;
    }
    library::testing::must(library_->put_embeddings(batch, Deadline::never(), {}));
  }

  library::Embedding embedding_of(const llm::EmbedInput& input) {
    const llm::Embedding made =
        library::testing::must(embedder_.embed(std::span(&input, 1), Deadline::never(), {})).front();
    library::Embedding row;
    row.key = Hasher().field(input.text).field(std::to_string(input.spans.size())).finish();
    row.model_hash = embedder_.settings().model_hash;
    row.dimensions = embedder_.settings().dimensions;
    row.vector = to_halves(made.vector);
    for (const auto& span : made.spans) {
      const Halves halves = to_halves(span);
      row.spans.insert(row.spans.end(), halves.begin(), halves.end());
    }
    return row;
  }

  library::testing::TempLibrary library_;
  llm::FakeEmbedder embedder_;
  std::unique_ptr<library::LexicalIndex> lexical_ = library::fts5_index();
};

}  // namespace docmind::retrieval
