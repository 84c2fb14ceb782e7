// A kept answer as bytes: the answer itself, the question with its vector, what it rests on. A value.
//
// Format (little-endian, version 1): "DMA1", then the fields in the order below; a text is a u32 length and its bytes,
// a list a u32 count and its items, a double its IEEE bits in a u64. read_record() believes nothing: every length is
// held against what is left, nothing may follow the last field. Whoever stores the bytes adds a checksum.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/half.h"
#include "base/hash.h"
#include "base/result.h"
#include "cache/manifest.h"

namespace docmind::cache {

struct Record {
  ContentHash scope{};
  std::string key{};       // Under which it was put: one that was moved is none.
  std::string name{};      // For people and other agents: "docmind::ask::what is a widget"
  std::string question{};  // As it was asked.
  std::string space{};     // Hash of the model that made the vector.
  Halves vector{};         // May be empty: then only the exact layer finds it.
  std::string user{};
  std::string session{};
  std::string trace_id{};    // Of its making.
  std::string said{};        // Its text alone, to compare others with.
  std::int64_t made_ms = 0;  // UTC.
  double seconds = 0;        // That it took.
  std::uint64_t tokens = 0;  // That a model read and wrote.
  Manifest manifest{};
  std::string answer{};  // Whatever the caller reads answers from.
  bool operator==(const Record&) const = default;
};

std::string write_record(const Record& record);
// kDataLoss for anything that write_record() did not write.
Result<Record> read_record(std::string_view bytes);

}  // namespace docmind::cache
