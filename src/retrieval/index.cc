#include "retrieval/index.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <unordered_map>
#include <utility>

#include "retrieval/fuse.h"
#include "text/terms.h"

namespace docmind::retrieval {
namespace {

constexpr std::size_t kMaxQueryBytes = 32ULL << 10U;
constexpr std::uint32_t kMaxHits = 1000;

library::DocumentFilter to_library(const Filter& filter) {
  return {filter.documents, filter.types, filter.modified_from, filter.modified_to};
}

Result<> check(const Query& query) {
  if (query.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{Code::kInvalidArgument, "The query is empty.", "Type some words to look for."};
  }
  if (query.text.size() > kMaxQueryBytes) {
    return Error{Code::kInvalidArgument, "The query is longer than 32 KiB.", "Ask for less at a time."};
  }
  if (query.k < 1 || query.k > kMaxHits) {
    return Error{Code::kInvalidArgument, "k must be between 1 and 1000.", "Leave it out for the 10 best."};
  }
  return {};
}

// The vector of a question, and the model whose space it lies in.
struct Embedded {
  std::vector<float> vector;
  std::string space;
  std::string degraded;  // Why there is no vector.
};

struct Rankings {
  std::vector<std::int64_t> bm25;
  std::vector<std::int64_t> dense;
};

std::vector<std::int64_t> ids_of(const std::vector<library::LexicalHit>& hits) {
  std::vector<std::int64_t> ids;
  for (const library::LexicalHit& hit : hits) ids.push_back(hit.id);
  return ids;
}

std::vector<std::int64_t> ids_of(const std::vector<Neighbour>& hits) {
  std::vector<std::int64_t> ids;
  for (const Neighbour& hit : hits) ids.push_back(hit.id);
  return ids;
}

// One request: a moment of the library, the question's terms and vector, the documents it may look at.
struct Request {
  library::Snapshot at;
  std::vector<std::string> terms;
  Embedded embedded;
  std::optional<std::vector<std::int64_t>> documents;  // Keys; absent: all.
  DocumentSet allowed;                                 // The same as a set.
  Deadline deadline;
  std::stop_token stop;

  const DocumentSet* filter() const { return documents ? &allowed : nullptr; }
  VectorQuery vector() const { return {embedded.vector, embedded.space}; }
};

TermSet terms_in(std::string_view text, const std::unordered_map<std::string, std::size_t>& places) {
  TermSet set;
  for (const text::Term& term : text::terms(text)) {
    const auto found = places.find(term.text);
    if (found != places.end()) set.set(found->second);
  }
  return set;
}

}  // namespace

struct Index::State {
  IndexOptions options;
  library::Library& library;
  library::LexicalIndex& lexical;
  llm::Embedder& embedder;
  const Clock& clock;
  std::unique_ptr<LibraryVectors> dense;
  // Of the options, as they are now.
  std::atomic<Stage> bm25_stage = options.bm25;
  std::atomic<Stage> dense_stage = options.dense;
  std::atomic<double> rank_constant = options.rank_constant;

  Embedded embed(const std::string& text, Deadline deadline, std::stop_token stop);
  Result<Request> begin(const Query& query, Stage vectors, Deadline deadline, std::stop_token stop);
  template <typename Found>
  static Result<> go_on_without(const Result<Found>& found, Request& request);
  Result<Rankings> rank(Request& request, library::Rows rows, std::uint32_t bm25_depth, std::uint32_t dense_depth);
  Result<std::vector<Hit>> hits(Request& request, const std::vector<Fused>& fused, std::uint32_t k);
  std::uint32_t depth(std::uint32_t k) const { return std::max(options.least_depth, options.depth_factor * k); }

  Result<> find_candidates(Request& request, std::uint32_t nearest, const CandidateOptions& wanted, CandidateSet& set);
  Result<> add_candidates(Request& request, const std::vector<Fused>& chunks_fused, const CandidateOptions& wanted,
                          CandidateSet& set);
  Result<> add_surroundings(Request& request, std::uint32_t context, CandidateSet& set);
  Result<> add_sections(Request& request, CandidateSet& set);
  Result<> weigh_terms(Request& request, CandidateSet& set);
  Result<> add_cosines(Request& request, CandidateSet& set);
};

void Index::use(const IndexOptions& options) {
  state_->bm25_stage = options.bm25;
  state_->dense_stage = options.dense;
  state_->rank_constant = options.rank_constant;
}

Index::Index(std::unique_ptr<State> state) : state_(std::move(state)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const IndexOptions& options, library::Library& library,
                                           library::LexicalIndex& lexical, llm::Embedder& embedder, const Clock& clock,
                                           const OutsideVectors& outside) {
  auto vectors = DM_TRY(LibraryVectors::open(library, clock, outside));
  auto state = std::unique_ptr<State>(new State{options, library, lexical, embedder, clock, std::move(vectors)});
  return std::unique_ptr<Index>(new Index(std::move(state)));
}

Embedded Index::State::embed(const std::string& text, Deadline deadline, std::stop_token stop) {
  // Half of the time at most: an embedder that hangs leaves enough for an answer by keyword.
  if (!deadline.is_never()) deadline = deadline.sooner(deadline.left() / 2, clock);
  auto info = embedder.info(deadline, stop);
  if (!info) return {{}, {}, info.error().message};
  const llm::EmbedInput input{text, {}};
  auto embeddings = embedder.embed(std::span(&input, 1), deadline, stop);
  if (!embeddings) return {{}, {}, embeddings.error().message};
  if (embeddings->size() != 1 || embeddings->front().vector.size() != info->dimensions) {
    return {{}, {}, "The embedding model gave no vector of its own size."};
  }
  return {std::move(embeddings->front().vector), info->model_hash, {}};
}

Result<Request> Index::State::begin(const Query& query, Stage vectors, Deadline deadline, std::stop_token stop) {
  DM_TRY(check(query));
  const bool wanted = dense_stage == Stage::kOn && vectors == Stage::kOn;
  Embedded embedded = wanted ? embed(query.text, deadline, stop) : Embedded();
  if (stop.stop_requested()) return Error{Code::kCancelled, "The search was stopped."};
  if (deadline.expired()) return Error{Code::kDeadlineExceeded, "The search ran out of time.", "Try it again."};
  Request request{
      DM_TRY(library.read(deadline, stop)), text::query_terms(query.text), std::move(embedded), {}, {}, deadline, stop};
  if (request.terms.size() > kMaxQueryTerms) request.terms.resize(kMaxQueryTerms);
  if (const auto filter = to_library(query.filter); !filter.empty()) {
    request.documents = DM_TRY(request.at.matching(filter));
    request.allowed.insert(request.documents->begin(), request.documents->end());
  }
  return request;
}

// Vectors that cannot be had just now leave the keywords; other errors are returned.
template <typename Found>
Result<> Index::State::go_on_without(const Result<Found>& found, Request& request) {
  if (found) return {};
  if (found.error().code != Code::kUnavailable) return found.error();
  request.embedded = {{}, {}, found.error().message};
  return {};
}

Result<Rankings> Index::State::rank(Request& request, library::Rows rows, std::uint32_t bm25_depth,
                                    std::uint32_t dense_depth) {
  Rankings rankings;
  if (bm25_stage == Stage::kOn && !request.terms.empty()) {
    rankings.bm25 = ids_of(DM_TRY(lexical.search(request.at, {rows, request.terms, request.documents, bm25_depth})));
  }
  auto nearest = dense->nearest(rows, request.vector(), dense_depth, request.filter(), request.deadline, request.stop);
  DM_TRY(go_on_without(nearest, request));
  if (nearest) rankings.dense = ids_of(*nearest);
  return rankings;
}

Result<std::vector<Hit>> Index::State::hits(Request& request, const std::vector<Fused>& fused, std::uint32_t k) {
  std::vector<std::int64_t> ids;
  std::unordered_map<std::int64_t, const Fused*> by_id;
  // A few more than k: a chunk may be gone since its vector was met.
  for (const Fused& one : fused) {
    if (ids.size() >= k + 10U) break;
    ids.push_back(one.id);
    by_id.emplace(one.id, &one);
  }
  std::unordered_map<std::int64_t, library::Document> documents;
  std::vector<Hit> out;
  for (library::Chunk& chunk : DM_TRY(request.at.chunks(ids))) {
    if (out.size() == k) break;
    if (!documents.contains(chunk.document)) {
      documents.emplace(chunk.document, DM_TRY(request.at.document(chunk.document)));
    }
    const library::Document& document = documents.at(chunk.document);
    const Fused& place = *by_id.at(chunk.id);
    Hit hit{chunk.id,
            document.path,
            document.id,
            {},
            chunk.span,
            std::move(chunk.heading),
            std::move(chunk.text),
            place.score,
            {place.ranks.at(0), place.ranks.at(1), {}}};
    if (chunk.page != library::kNone) hit.page = chunk.page + 1;
    out.push_back(std::move(hit));
  }
  return out;
}

Result<SearchResult> Index::search(const Query& query, Deadline deadline, std::stop_token stop) {
  const TimePoint start = state_->clock.now();
  Request request = DM_TRY(state_->begin(query, Stage::kOn, deadline, stop));
  const std::uint32_t depth = state_->depth(query.k);
  Rankings rankings = DM_TRY(state_->rank(request, library::Rows::kChunks, depth, depth));
  const std::vector<std::vector<std::int64_t>> both{std::move(rankings.bm25), std::move(rankings.dense)};
  SearchResult result;
  result.hits = DM_TRY(state_->hits(request, fuse(both, state_->rank_constant), query.k));
  result.dense_used = !request.embedded.vector.empty();
  result.degraded = std::move(request.embedded.degraded);
  result.seconds = std::chrono::duration<double>(state_->clock.now() - start).count();
  return result;
}

Result<CandidateSet> Index::candidates(const Query& query, const CandidateOptions& wanted, Deadline deadline,
                                       std::stop_token stop) {
  Request request = DM_TRY(state_->begin(query, wanted.vectors, deadline, stop));
  CandidateSet set;
  DM_TRY(state_->weigh_terms(request, set));
  if (wanted.only) {
    for (std::int64_t id = wanted.only->first; id < wanted.only->end; ++id) set.candidates.emplace_back().unit = id;
  } else {
    DM_TRY(state_->find_candidates(request, query.k, wanted, set));
  }
  DM_TRY(state_->add_surroundings(request, wanted.context, set));
  DM_TRY(state_->add_sections(request, set));
  DM_TRY(state_->add_cosines(request, set));
  set.dense_used = !request.embedded.vector.empty();
  set.degraded = std::move(request.embedded.degraded);
  return set;
}

Result<> Index::State::weigh_terms(Request& request, CandidateSet& set) {
  set.units_total = DM_TRY(lexical.total(request.at, library::Rows::kUnits));
  const auto frequencies = DM_TRY(lexical.document_frequencies(request.at, library::Rows::kUnits, request.terms));
  const auto all = static_cast<double>(set.units_total);
  for (std::size_t i = 0; i < request.terms.size(); ++i) {
    const auto held = static_cast<double>(frequencies.at(i));
    set.terms.push_back({request.terms[i], std::log(1 + (all - held + 0.5) / (held + 0.5))});
  }
  return {};
}

Result<> Index::State::find_candidates(Request& request, std::uint32_t nearest, const CandidateOptions& wanted,
                                       CandidateSet& set) {
  const std::uint32_t deep = depth(std::max(nearest, wanted.chunks));
  Rankings rankings =
      DM_TRY(rank(request, library::Rows::kChunks, deep, wanted.dense_ranking == Stage::kOn ? deep : 0));
  const std::vector<std::vector<std::int64_t>> both{std::move(rankings.bm25), std::move(rankings.dense)};
  const std::vector<Fused> fused = fuse(both, rank_constant);
  set.nearest = DM_TRY(hits(request, fused, nearest));
  return add_candidates(request, fused, wanted, set);
}

// The ids of the candidates with the ranks that brought them; their rows come with add_surroundings.
Result<> Index::State::add_candidates(Request& request, const std::vector<Fused>& chunks_fused,
                                      const CandidateOptions& wanted, CandidateSet& set) {
  std::map<std::int64_t, Candidate> by_unit;
  const auto at = [&](std::int64_t unit) -> Candidate& {
    Candidate& candidate = by_unit[unit];
    candidate.unit = unit;
    return candidate;
  };
  std::vector<std::int64_t> best;
  for (std::size_t i = 0; i < std::min<std::size_t>(wanted.chunks, chunks_fused.size()); ++i) {
    best.push_back(chunks_fused[i].id);
  }
  for (const library::Chunk& chunk : DM_TRY(request.at.chunks(best))) {
    const auto rank = static_cast<std::uint32_t>(std::find(best.begin(), best.end(), chunk.id) - best.begin()) + 1;
    for (std::int64_t unit = chunk.first_unit; unit < chunk.end_unit; ++unit) {
      Candidate& candidate = at(unit);
      if (!candidate.chunk_rank) candidate.chunk_rank = rank;
    }
  }
  const std::uint32_t dense_units = wanted.dense_ranking == Stage::kOn ? wanted.dense_units : 0;
  const Rankings units_ranked = DM_TRY(rank(request, library::Rows::kUnits, wanted.bm25_units, dense_units));
  for (std::uint32_t i = 0; i < units_ranked.bm25.size(); ++i) at(units_ranked.bm25[i]).bm25_rank = i + 1;
  for (std::uint32_t i = 0; i < units_ranked.dense.size(); ++i) at(units_ranked.dense[i]).dense_rank = i + 1;
  for (auto& [unit, candidate] : by_unit) set.candidates.push_back(candidate);
  return {};
}

Result<> Index::State::add_surroundings(Request& request, std::uint32_t context, CandidateSet& set) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < set.terms.size(); ++i) places.emplace(set.terms[i].text, i);
  std::set<std::int64_t> wanted;
  for (const Candidate& candidate : set.candidates) {
    for (std::int64_t id = candidate.unit - context; id <= candidate.unit + context; ++id) wanted.insert(id);
  }
  const auto read = [&](const std::vector<std::int64_t>& ids) -> Result<> {
    for (library::Unit& unit : DM_TRY(request.at.units(ids))) {
      const TermSet terms = terms_in(unit.text, places);
      const std::int64_t id = unit.id;
      set.units.emplace(id, UnitInPlace{std::move(unit), terms});
    }
    return {};
  };
  DM_TRY(read({wanted.begin(), wanted.end()}));
  std::set<std::int64_t> lead_ins;
  for (const auto& [id, place] : set.units) {
    if (place.unit.lead_in != 0 && !set.units.contains(place.unit.lead_in)) lead_ins.insert(place.unit.lead_in);
  }
  DM_TRY(read({lead_ins.begin(), lead_ins.end()}));
  for (const auto& [id, place] : set.units) {
    const std::int64_t document = place.unit.document;
    if (!set.documents.contains(document)) set.documents.emplace(document, DM_TRY(request.at.document(document)).id);
  }
  // Ids beyond the document's end and candidates that went with their document meanwhile.
  std::erase_if(set.candidates, [&](const Candidate& candidate) { return !set.units.contains(candidate.unit); });
  return {};
}

Result<> Index::State::add_sections(Request& request, CandidateSet& set) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < set.terms.size(); ++i) places.emplace(set.terms[i].text, i);
  for (const auto& [id, place] : set.units) {
    const auto key = std::pair(place.unit.document, place.unit.section);
    if (place.unit.section == library::kNone || set.sections.contains(key)) continue;
    auto section = DM_TRY(request.at.section(key.first, key.second));
    if (!section) continue;
    const TermSet terms = terms_in(section->path, places);
    set.sections.emplace(key, SectionInPlace{std::move(*section), terms});
  }
  if (request.embedded.vector.empty()) return {};
  std::vector<ContentHash> keys;
  std::vector<std::pair<std::int64_t, std::uint32_t>> owners;
  for (const auto& [key, place] : set.sections) {
    if (!place.section.embedding) continue;
    keys.push_back(*place.section.embedding);
    owners.push_back(key);
  }
  const auto embeddings = DM_TRY(request.at.embeddings(keys));
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const auto& embedding = embeddings.at(i);
    if (!embedding || embedding->model_hash != request.embedded.space) continue;
    const std::vector<float> vector = from_halves(embedding->vector);
    if (vector.size() != request.embedded.vector.size()) continue;
    float cosine = 0;
    for (std::size_t d = 0; d < vector.size(); ++d) cosine += vector[d] * request.embedded.vector[d];
    set.sections.at(owners[i]).cosine = cosine;
  }
  return {};
}

Result<> Index::State::add_cosines(Request& request, CandidateSet& set) {
  std::vector<LibraryVectors::UnitPlace> places;
  for (Candidate& candidate : set.candidates) {
    const library::Unit& unit = set.units.at(candidate.unit).unit;
    places.push_back({unit.document, candidate.unit});
    const auto section = set.sections.find({unit.document, unit.section});
    if (section != set.sections.end()) candidate.heading_cosine = section->second.cosine;
  }
  const auto cosines = dense->cosines(request.vector(), places, request.deadline, request.stop);
  DM_TRY(go_on_without(cosines, request));
  for (std::size_t i = 0; cosines && i < places.size(); ++i) set.candidates[i].cosine = (*cosines)[i];
  return {};
}

Result<> Index::wait_outside(Deadline deadline, std::stop_token stop) {
  return state_->dense->wait_outside(deadline, std::move(stop));
}

LibraryVectorsStats Index::stats() const { return state_->dense->stats(); }

}  // namespace docmind::retrieval
