// The rows of a library as values: what goes in (New...) and what comes out.
//
// Offsets are half-open UTF-8 byte ranges of the document's stored text. Ids of units and chunks are integers that are
// never used again; those of one document are consecutive, in reading order. `document` in a row is Document::key.
// Times are UTC.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/hash.h"
#include "doc/document.h"

namespace docmind::library {

inline constexpr std::uint32_t kNone = 0xffffffffU;  // "No such index" in the fields that say so.

enum class UnitKind : std::uint8_t { kSentence = 0, kListItem = 1, kCode = 2, kTableRow = 3, kHeading = 4 };

// What a model made of one text: the vector of the whole and one per span, in the order of the spans.
// The key says what was embedded by what: a hash over model, text and spans, made by the caller.
struct Embedding {
  ContentHash key;
  std::string model_hash;
  std::uint32_t dimensions = 0;
  Halves vector;  // [dimensions]
  Halves spans;   // [number of spans * dimensions], may be empty.
};

struct NewSection {
  doc::Span heading;                     // The heading's own text.
  std::string title;                     // As shown: number and words.
  std::string path;                      // From the outermost heading to this one, joined by " > ".
  std::uint8_t level = 1;                // 1 is outermost.
  std::uint32_t parent = kNone;          // Index of the section around it.
  std::optional<ContentHash> embedding;  // Key of the vector of the title alone.
};

struct NewUnit {
  doc::Span span;
  UnitKind kind = UnitKind::kSentence;
  std::uint32_t block = 0;        // Index into Parsed::blocks.
  std::uint32_t section = kNone;  // Index into sections.
  std::uint32_t ordinal = 0;      // Place in its section, from 0.
  std::uint32_t lead_in = kNone;  // Index of the unit (ending in ":") that introduces this one.
  bool source = true;             // False: context only, never quoted as an answer.
  std::uint32_t chunk = kNone;    // Index of the chunk that holds its vector; kNone: it has none.
  std::uint32_t position = 0;     // Which span of that chunk's embedding.
};

struct NewChunk {
  doc::Span span;
  std::string heading;  // Heading path, joined by " > "; may be empty.
  std::uint32_t tokens = 0;
  std::uint32_t first_unit = 0;  // Units it covers: [first_unit, end_unit).
  std::uint32_t end_unit = 0;
  ContentHash embedding;  // Must have been stored by put_embeddings.
};

struct NewDocument {
  std::string path;              // Absolute path as ingested, or the name of an upload. Data, never opened.
  std::string version;           // Hex content hash of the file's bytes.
  std::uint64_t size = 0;        // Of the file, bytes.
  std::int64_t modified_ns = 0;  // The file's time as stat gives it.
  std::string parser_version;    // What made the rest of this: a change of any means it is to be made again.
  std::string chunker_version;
  std::string model_hash;
  doc::Parsed parsed;
  std::vector<NewSection> sections;
  std::vector<NewUnit> units;
  std::vector<NewChunk> chunks;
};

struct Document {
  std::int64_t key = 0;  // Row number; stays when the document is updated.
  std::string id;        // For people and other programs (ULID); stays when the document is updated.
  std::string path;
  std::string version;
  std::string type;
  std::string title;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t modified_ms = 0;
  std::int64_t added_ms = 0;    // First time.
  std::int64_t updated_ms = 0;  // Last time.
  std::string parser_version;
  std::string chunker_version;
  std::string model_hash;
  std::uint64_t text_bytes = 0;
  std::uint32_t page_count = 0;
  std::uint32_t block_count = 0;
  std::uint32_t section_count = 0;
  std::uint32_t unit_count = 0;
  std::uint32_t chunk_count = 0;
  std::int64_t first_unit = 0;   // Its units are [first_unit, first_unit + unit_count).
  std::int64_t first_chunk = 0;  // Its chunks are [first_chunk, first_chunk + chunk_count).
  std::vector<std::string> warnings;
};

struct Page {
  std::uint32_t index = 0;  // From 0; the physical page number is index + 1.
  doc::Page page;
};

struct Block {
  std::uint32_t index = 0;
  std::uint32_t page = kNone;  // Index of its page; kNone without pages.
  doc::Block block;
};

struct Section {
  std::int64_t document = 0;
  std::uint32_t index = 0;
  doc::Span heading;
  std::string title;
  std::string path;
  std::uint8_t level = 1;
  std::uint32_t parent = kNone;
  std::optional<ContentHash> embedding;
};

struct Unit {
  std::int64_t id = 0;
  std::int64_t document = 0;
  doc::Span span;
  UnitKind kind = UnitKind::kSentence;
  std::uint32_t block = 0;
  std::uint32_t page = kNone;     // Index of the page of span.start; kNone without pages.
  std::uint32_t section = kNone;  // Section::index
  std::uint32_t ordinal = 0;
  std::int64_t lead_in = 0;  // Unit id; 0: none.
  bool source = true;
  std::int64_t chunk = 0;  // Chunk id; 0: it has no vector.
  std::uint32_t position = 0;
  std::string text;  // The stored bytes of span.
};

struct Chunk {
  std::int64_t id = 0;
  std::int64_t document = 0;
  doc::Span span;
  std::uint32_t page = kNone;  // Index of the page of span.start; kNone without pages.
  std::string heading;
  std::uint32_t tokens = 0;
  std::int64_t first_unit = 0;  // Unit ids it covers: [first_unit, end_unit).
  std::int64_t end_unit = 0;
  ContentHash embedding;
  std::string text;  // The stored bytes of span.
};

// Which documents; everything empty matches all. A document must match each of the given conditions.
struct DocumentFilter {
  std::vector<std::string> documents;  // Ids or paths; a path ending in "/" matches all below it.
  std::vector<std::string> types;
  std::optional<std::int64_t> modified_from;  // modified_ms, inclusive.
  std::optional<std::int64_t> modified_to;    // Exclusive.
  bool empty() const { return documents.empty() && types.empty() && !modified_from && !modified_to; }
};

enum class SortBy : std::uint8_t { kPath, kTitle, kAdded, kModified, kSize };
enum class Order : std::uint8_t { kUp, kDown };

struct ListOptions {
  DocumentFilter filter;
  SortBy sort = SortBy::kPath;  // Ties by path.
  Order order = Order::kUp;
  std::uint64_t offset = 0;
  std::uint32_t limit = 1000;
};

struct Size {
  std::uint64_t documents = 0;
  std::uint64_t chunks = 0;
};

// Of performance_logs.
struct PerformanceRow {
  std::int64_t at_ms = 0;  // UTC.
  double latency_ms = 0;
  std::uint64_t tokens = 0;
  std::string metrics{};  // JSON, or empty.
};

struct Stats {
  std::uint64_t documents = 0;
  std::uint64_t units = 0;
  std::uint64_t chunks = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t embeddings = 0;
  std::uint64_t most_writes = 0;  // How often the most often written embedding was written: 1 unless work was repeated.
};

}  // namespace docmind::library
