#include "agents/recorded_evidence.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agents/impl/recorded_fields.h"
#include "base/json_members.h"

namespace docmind::agents {
namespace {

namespace json = boost::json;

constexpr std::string_view kSpace = " \t\n";

Error gone() {
  return {Code::kConflict, "A document that this answer rests on was changed or deleted since.",
          "Ask the question again: it is answered from what the library holds now."};
}

// What is not there any more is told as that.
template <typename T>
Result<T> there(Result<T> found) {
  if (!found && (found.error().code == Code::kNotFound || found.error().code == Code::kInvalidArgument)) return gone();
  return found;
}

// ---- writing ----

json::value rank(const std::optional<std::uint32_t>& place) { return place ? *place : 0; }

void add_terms(const retrieval::TermSet& terms, json::array& out) {
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms.test(i)) out.push_back(i);
  }
}

json::object found_json(const retrieval::CandidateSet& found) {
  json::array terms;
  for (const auto& term : found.terms) terms.push_back(json::array{term.text, term.idf});
  json::array candidates;
  for (const retrieval::Candidate& one : found.candidates) {
    candidates.push_back(json::array{one.unit, one.cosine, one.heading_cosine, rank(one.chunk_rank),
                                     rank(one.bm25_rank), rank(one.dense_rank)});
  }
  json::array units;
  for (const auto& [id, place] : found.units) {
    json::array unit{id};
    add_terms(place.terms, unit);
    units.push_back(std::move(unit));
  }
  json::array sections;
  for (const auto& [key, place] : found.sections) {
    json::array section{key.first, key.second, place.cosine};
    add_terms(place.terms, section);
    sections.push_back(std::move(section));
  }
  json::array nearest;
  for (const retrieval::Hit& hit : found.nearest) {
    nearest.push_back(json::array{hit.chunk_id, hit.score, rank(hit.ranks.bm25), rank(hit.ranks.dense), hit.span.start,
                                  hit.span.end});
  }
  return {{"terms", std::move(terms)},       {"candidates", std::move(candidates)}, {"units", std::move(units)},
          {"sections", std::move(sections)}, {"nearest", std::move(nearest)},       {"units_total", found.units_total},
          {"dense_used", found.dense_used},  {"degraded", found.degraded}};
}

json::object passage_json(const Passage& passage) {
  json::array pieces;  // Their lengths: between them stands white space.
  for (const std::string& piece : passage.pieces) pieces.push_back(piece.size());
  return {{"document", passage.document}, {"start", passage.span.start},
          {"end", passage.span.end},      {"units", {passage.first_unit, passage.last_unit}},
          {"block", passage.block},       {"heading", passage.heading},
          {"pieces", std::move(pieces)}};
}

json::value set_json(const std::optional<Exhaustive>& set) {
  if (!set) return nullptr;
  json::array claims;
  for (const SetClaim& claim : set->claims) {
    json::array passages;
    for (const Passage& passage : claim.passages) passages.push_back(passage_json(passage));
    claims.push_back(json::object{{"said", claim.said}, {"passages", std::move(passages)}});
  }
  return json::object{{"operation", set->operation}, {"claims", std::move(claims)}, {"unit", set->unit},
                      {"read", set->read},           {"total", set->total},         {"partial", set->partial_reason},
                      {"missing", set->missing}};
}

// ---- reading ----

std::int64_t id(const json::value& value) { return static_cast<std::int64_t>(json_count(value)); }

// The i-th of a list; null past its end.
const json::value& item(const json::value& list, std::size_t i) {
  static const json::value none;
  const json::array& items = json_list(list);
  return i < items.size() ? items[i] : none;
}

std::optional<std::uint32_t> rank_in(const json::value& value) {
  const std::uint64_t place = json_count(value);
  return place == 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(place));
}

retrieval::TermSet terms_in(const json::value& list, std::size_t from) {
  retrieval::TermSet out;
  for (std::size_t i = from; i < json_list(list).size(); ++i) {
    const std::uint64_t term = json_count(item(list, i));
    if (term < out.size()) out.set(term);
  }
  return out;
}

class Reader {
 public:
  explicit Reader(library::Snapshot& at) : at_(at) {}

  Result<retrieval::CandidateSet> found(const json::value& recorded) {
    retrieval::CandidateSet out;
    for (const json::value& term : json_list(json_member(recorded, "terms"))) {
      out.terms.push_back({std::string(json_text(item(term, 0))), number(item(term, 1))});
    }
    for (const json::value& one : json_list(json_member(recorded, "candidates"))) {
      out.candidates.push_back({.unit = id(item(one, 0)),
                                .cosine = static_cast<float>(number(item(one, 1))),
                                .heading_cosine = static_cast<float>(number(item(one, 2))),
                                .chunk_rank = rank_in(item(one, 3)),
                                .bm25_rank = rank_in(item(one, 4)),
                                .dense_rank = rank_in(item(one, 5))});
    }
    DM_TRY(add_units(json_list(json_member(recorded, "units")), out));
    DM_TRY(add_sections(json_list(json_member(recorded, "sections")), out));
    DM_TRY(add_nearest(json_list(json_member(recorded, "nearest")), out));
    out.units_total = json_count(json_member(recorded, "units_total"));
    out.dense_used = json_flag(json_member(recorded, "dense_used"));
    out.degraded = text(recorded, "degraded");
    return out;
  }

  Result<std::optional<Exhaustive>> set(const json::value& recorded) {
    if (!recorded.is_object()) return std::optional<Exhaustive>();
    Exhaustive out{.operation = text(recorded, "operation"),
                   .claims = {},
                   .unit = text(recorded, "unit"),
                   .read = json_count(json_member(recorded, "read")),
                   .total = json_count(json_member(recorded, "total")),
                   .partial_reason = text(recorded, "partial"),
                   .sets = {},
                   .documents = {},
                   .missing = text(recorded, "missing")};
    for (const json::value& claim : json_list(json_member(recorded, "claims"))) {
      SetClaim& said = out.claims.emplace_back(text(claim, "said"), std::vector<Passage>());
      for (const json::value& one : json_list(json_member(claim, "passages"))) {
        said.passages.push_back(DM_TRY(passage(one)));
      }
    }
    return std::optional(std::move(out));
  }

 private:
  Result<const library::Document*> document(std::int64_t key) {
    auto known = documents_.find(key);
    if (known == documents_.end()) known = documents_.emplace(key, DM_TRY(there(at_.document(key)))).first;
    return &known->second;
  }

  Result<> add_units(const json::array& list, retrieval::CandidateSet& out) {
    std::vector<std::int64_t> ids;
    for (const json::value& one : list) ids.push_back(id(item(one, 0)));
    std::vector<library::Unit> units = DM_TRY(at_.units(ids));
    if (units.size() != ids.size()) return gone();
    for (std::size_t i = 0; i < units.size(); ++i) {
      const std::int64_t key = units[i].document;
      out.documents.emplace(key, DM_TRY(document(key))->id);
      out.units.emplace(units[i].id, retrieval::UnitInPlace{std::move(units[i]), terms_in(list[i], 1)});
    }
    return {};
  }

  Result<> add_sections(const json::array& list, retrieval::CandidateSet& out) {
    for (const json::value& one : list) {
      const std::pair key(id(item(one, 0)), static_cast<std::uint32_t>(json_count(item(one, 1))));
      auto section = DM_TRY(at_.section(key.first, key.second));
      if (!section) return gone();
      out.sections.emplace(key, retrieval::SectionInPlace{*std::move(section), terms_in(one, 3),
                                                          static_cast<float>(number(item(one, 2)))});
    }
    return {};
  }

  Result<> add_nearest(const json::array& list, retrieval::CandidateSet& out) {
    std::vector<std::int64_t> ids;
    for (const json::value& one : list) ids.push_back(id(item(one, 0)));
    std::vector<library::Chunk> chunks = DM_TRY(at_.chunks(ids));
    if (chunks.size() != ids.size()) return gone();
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      library::Chunk& chunk = chunks[i];
      const library::Document& in = *DM_TRY(document(chunk.document));
      retrieval::Hit hit{chunk.id,
                         in.path,
                         in.id,
                         {},
                         chunk.span,
                         std::move(chunk.heading),
                         std::move(chunk.text),
                         number(item(list[i], 1)),
                         {rank_in(item(list[i], 2)), rank_in(item(list[i], 3)), {}}};
      if (chunk.page != library::kNone) hit.page = chunk.page + 1;
      DM_TRY(cut(chunk, {json_count(item(list[i], 4)), json_count(item(list[i], 5))}, hit));
      out.nearest.push_back(std::move(hit));
    }
    return {};
  }

  // Of a place that was read there is the part of the chunk that lies in it. Older recordings have no spans.
  Result<> cut(const library::Chunk& chunk, const doc::Span& span, retrieval::Hit& hit) {
    if (span.end == 0 || span == chunk.span) return {};
    hit.span = span;
    hit.text = DM_TRY(there(at_.text(chunk.document, span)));
    for (const library::Page& page : DM_TRY(at_.pages(chunk.document))) {
      if (span.start >= page.page.span.end) continue;
      hit.page = page.index + 1;
      break;
    }
    return {};
  }

  Result<Passage> passage(const json::value& recorded) {
    Passage out;
    out.document = id(json_member(recorded, "document"));
    out.span = {json_count(json_member(recorded, "start")), json_count(json_member(recorded, "end"))};
    out.first_unit = id(item(json_member(recorded, "units"), 0));
    out.last_unit = id(item(json_member(recorded, "units"), 1));
    out.block = static_cast<std::uint32_t>(json_count(json_member(recorded, "block")));
    out.heading = text(recorded, "heading");
    const std::string stored = DM_TRY(there(at_.text(out.document, out.span)));
    std::string_view rest = stored;
    for (const json::value& length : json_list(json_member(recorded, "pieces"))) {
      if (!out.pieces.empty()) rest.remove_prefix(std::min(rest.find_first_not_of(kSpace), rest.size()));
      out.pieces.emplace_back(rest.substr(0, json_count(length)));
      rest.remove_prefix(out.pieces.back().size());
    }
    return out;
  }

  library::Snapshot& at_;
  std::map<std::int64_t, library::Document> documents_;
};

}  // namespace

json::object to_json(const Evidence& evidence) {
  return {{"text", evidence.part.text},
          {"asks", evidence.part.asks},
          {"found", found_json(evidence.found)},
          {"set", set_json(evidence.set)}};
}

Result<Evidence> evidence_in(const json::value& recorded, library::Snapshot& at) {
  Reader reader(at);
  return Evidence{.part = {text(recorded, "text"), text(recorded, "asks")},
                  .found = DM_TRY(reader.found(json_member(recorded, "found"))),
                  .set = DM_TRY(reader.set(json_member(recorded, "set")))};
}

}  // namespace docmind::agents
