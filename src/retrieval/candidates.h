// What an extractive answer is chosen from: the units (sentences, list items, code lines, table rows) that may answer a
// question, with everything about them that a score needs. Values.
//
// They are all units of the best chunks by reciprocal rank fusion, and the best units of the whole library by keyword
// and by vector (step 6 of the recipe in docs/extractive-answers.md).
#pragma once
#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "library/records.h"
#include "retrieval/search.h"

namespace docmind::retrieval {

enum class Stage : std::uint8_t { kOn, kOff };

inline constexpr std::size_t kMaxQueryTerms = 256;
using TermSet = std::bitset<kMaxQueryTerms>;  // Bit i: holds CandidateSet::terms[i].

struct WeightedTerm {
  std::string text;  // As text::query_terms cuts it.
  double idf = 0;    // ln(1 + (N - n + 0.5) / (n + 0.5)), N and n counted in units.
};

struct Candidate {
  std::int64_t unit = 0;
  float cosine = 0;                         // Of the question and the unit; 0 without vectors.
  float heading_cosine = 0;                 // Of the question and the innermost heading alone; 0 without one.
  std::optional<std::uint32_t> chunk_rank;  // From 1: of its chunk after fusion.
  std::optional<std::uint32_t> bm25_rank;   // From 1: among the library's units by keyword.
  std::optional<std::uint32_t> dense_rank;  // From 1: among the library's units by vector.
};

struct UnitInPlace {
  library::Unit unit;
  TermSet terms;
};

struct SectionInPlace {
  library::Section section;
  TermSet terms;     // Of its whole heading path.
  float cosine = 0;  // Of the question and the innermost heading alone.
};

struct CandidateSet {
  std::vector<Candidate> candidates;          // By unit id upwards.
  std::map<std::int64_t, UnitInPlace> units;  // By id: the candidates, two units before and after each, lead-ins.
  std::map<std::pair<std::int64_t, std::uint32_t>, SectionInPlace> sections;  // By document key and index.
  std::map<std::int64_t, std::string> documents;  // Key to id, of the candidates' documents.
  std::vector<WeightedTerm> terms;                // Of the question, without function words.
  std::vector<Hit> nearest;                       // The best chunks.
  std::uint64_t units_total = 0;                  // In the library.
  bool dense_used = true;
  std::string degraded;  // As in SearchResult.
};

struct UnitRange {  // Ids [first, end).
  std::int64_t first = 0;
  std::int64_t end = 0;
};

struct CandidateOptions {
  std::uint32_t chunks = 20;  // All units of so many chunks; sections make chunks of about 160 tokens.
  std::uint32_t bm25_units = 40;
  std::uint32_t dense_units = 40;
  Stage vectors = Stage::kOn;        // kOff: by keywords alone, the embedder is not asked.
  Stage dense_ranking = Stage::kOn;  // kOff: vectors still score the candidates, but bring none.
  std::uint32_t context = 2;         // Units loaded before and after each candidate.
  std::optional<UnitRange> only{};   // These are the candidates: nothing is searched, `nearest` is empty.
};

}  // namespace docmind::retrieval
