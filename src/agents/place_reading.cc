#include "agents/place_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agents/asked_place.h"
#include "agents/impl/tokens.h"
#include "agents/impl/words.h"
#include "agents/set_search.h"

namespace docmind::agents {
namespace {

constexpr std::size_t kMostChunks = 64;  // Shown to a chat model.

struct Place {
  library::Document document;
  doc::Span span;
  std::string name;       // "page 3 of manual.pdf"
  std::string missing{};  // One sentence, when there is no such page.
};

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string_view stem(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name : name.substr(0, dot);
}

// The same words, however they are written and joined.
bool same_name(const std::vector<Token>& wanted, std::string_view name) {
  const std::vector<Token> has = tokens_of(name);
  return !has.empty() && std::ranges::equal(wanted, has, {}, &Token::lower, &Token::lower);
}

// The one document that is meant; nothing when none is, or it is not clear which.
Result<std::optional<library::Document>> document_meant(const std::string& name, const retrieval::Filter& filter,
                                                        library::Snapshot& at) {
  std::optional<library::Document> found;
  const std::vector<std::int64_t> keys = DM_TRY(at.matching(to_library(filter)));
  if (name.empty()) return keys.size() == 1 ? std::optional(DM_TRY(at.document(keys.front()))) : found;
  const std::vector<Token> wanted = tokens_of(name);
  for (const std::int64_t key : keys) {
    library::Document one = DM_TRY(at.document(key));
    const std::string_view file = file_name(one.path);
    if (one.path != name && one.id != name && !same_name(wanted, file) && !same_name(wanted, stem(file)) &&
        !same_name(wanted, one.title)) {
      continue;
    }
    if (found) return std::optional<library::Document>();
    found = std::move(one);
  }
  return found;
}

bool is_kind(std::string_view word) {
  return one_of(word, {"section", "chapter", "appendix", "annex", "article", "abschnitt", "kapitel", "anhang",
                       "artikel", "\u00a7"});
}

// "2.1 Fonts", "Section 2.1: Fonts", "Appendix A": a letter alone is an article or an initial.
bool has_number(std::string_view title, std::string_view number) {
  const std::vector<Word> all = words(title);
  const std::size_t at = !all.empty() && is_kind(all.front().lower) ? 1 : 0;
  return at < all.size() && all[at].bare == number && (at == 1 || !is_upper(number.front()) || number.size() > 1);
}

// Of the section with that number, until the next of its level begins; nothing when there is not exactly one.
Result<std::optional<doc::Span>> section_span(const library::Document& document, std::string_view number,
                                              library::Snapshot& at) {
  const std::vector<library::Section> sections = DM_TRY(at.sections(document.key));
  const auto named = [&](const library::Section& one) { return has_number(one.title, number); };
  const auto found = std::ranges::find_if(sections, named);
  if (found == sections.end() || std::ranges::count_if(sections, named) > 1) return std::optional<doc::Span>();
  const auto next = std::find_if(found + 1, sections.end(), [&](const auto& one) { return one.level <= found->level; });
  const std::uint64_t end = next == sections.end() ? document.text_bytes : next->heading.start;
  return std::optional(doc::Span{found->heading.start, end});
}

Result<Place> page_of(library::Document document, std::uint32_t page, library::Snapshot& at) {
  Place out{.document = std::move(document), .span = {}, .name = {}};
  const std::string file(file_name(out.document.path));
  const std::uint32_t pages = out.document.page_count;
  out.name = fmt::format("page {} of {}", page, file);
  if (pages == 0) {
    out.missing = fmt::format("{} has no page {}: its format has no pages.", file, page);
  } else if (page > pages) {
    out.missing = fmt::format("{} has no page {}: it has {} {}.", file, page, pages, pages == 1 ? "page" : "pages");
  } else {
    out.span = DM_TRY(at.page(out.document.key, page - 1)).page.span;
  }
  return out;
}

Result<std::optional<Place>> place_meant(const AskedPlace& asked, const retrieval::Filter& filter,
                                         library::Snapshot& at) {
  std::optional<library::Document> document = DM_TRY(document_meant(asked.document, filter, at));
  if (!document) return std::optional<Place>();
  if (asked.kind == PlaceKind::kPage) return std::optional(DM_TRY(page_of(*std::move(document), asked.page, at)));
  const auto span = DM_TRY(section_span(*document, asked.number, at));
  if (!span) return std::optional<Place>();
  std::string name = fmt::format("section {} of {}", asked.number, file_name(document->path));
  return std::optional(Place{.document = *std::move(document), .span = *span, .name = std::move(name)});
}

// The chunks that have part of the place, that part of each, none of it twice.
Result<std::vector<retrieval::Hit>> shown_of(const Place& place, std::uint64_t end, library::Snapshot& at) {
  std::vector<retrieval::Hit> out;
  std::uint64_t from = place.span.start;
  const std::vector<library::Page> pages = DM_TRY(at.pages(place.document.key));
  for (const library::Chunk& chunk : DM_TRY(at.chunks(place.document.key))) {
    const doc::Span span{std::max(chunk.span.start, from), std::min(chunk.span.end, end)};
    if (span.start >= span.end || out.size() == kMostChunks) continue;
    from = span.end;
    retrieval::Hit hit{.chunk_id = chunk.id,
                       .document = place.document.path,
                       .document_id = place.document.id,
                       .page = {},
                       .span = span,
                       .heading = chunk.heading,
                       .text = DM_TRY(at.text(place.document.key, span)),
                       .score = 0,
                       .ranks = {}};
    const auto on =
        std::ranges::find_if(pages, [&](const library::Page& one) { return span.start < one.page.span.end; });
    if (on != pages.end()) hit.page = on->index + 1;
    out.push_back(std::move(hit));
  }
  return out;
}

// Whole blocks in reading order, as far as one answer reads.
class Reading {
 public:
  Reading(const Place& place, const std::vector<library::Unit>& units) : place_(place), units_(units) {}

  Exhaustive read() {
    out_.operation = kReading;
    out_.unit = "passage";
    out_.total = units_.size();
    out_.documents = {place_.document.key};
    out_.missing = place_.missing;
    if (out_.missing.empty() && units_.empty()) out_.missing = "There is no text on " + place_.name + ".";
    for (const library::Unit& unit : units_) {
      bytes_ += unit.text.size();
      if ((bytes_ > kMostRead && out_.read > 0) || !add(unit)) break;
      ++out_.read;
      end_ = unit.span.end;
    }
    if (out_.read < out_.total) {
      out_.partial_reason = fmt::format("Of {} the first {} of {} passages are shown: it is too long for one answer.",
                                        place_.name, out_.read, out_.total);
    }
    if (!units_.empty()) {
      out_.sets.push_back({"place", place_.document.id, {units_.front().span.start, end_}, out_.total, out_.read});
    }
    return std::move(out_);
  }

  std::uint64_t end() const { return end_; }

 private:
  bool add(const library::Unit& unit) {
    if (!out_.claims.empty()) {
      Passage& last = out_.claims.back().passages.front();
      if (last.block == unit.block && page_ == unit.page) {
        last.span.end = unit.span.end;
        last.last_unit = unit.id;
        last.pieces.push_back(unit.text);
        return true;
      }
    }
    if (out_.claims.size() == kMostReadClaims) return false;
    Passage passage{.document = unit.document,
                    .span = unit.span,
                    .first_unit = unit.id,
                    .last_unit = unit.id,
                    .block = unit.block,
                    .heading = {},
                    .pieces = {unit.text}};
    out_.claims.push_back({.said = {}, .passages = {std::move(passage)}});
    page_ = unit.page;
    return true;
  }

  const Place& place_;
  const std::vector<library::Unit>& units_;
  Exhaustive out_;
  std::uint32_t page_ = library::kNone;
  std::uint64_t bytes_ = 0;
  std::uint64_t end_ = 0;
};

void add_headings(const retrieval::CandidateSet& found, Exhaustive& set) {
  for (SetClaim& claim : set.claims) {
    Passage& passage = claim.passages.front();
    const auto unit = found.units.find(passage.first_unit);
    if (unit == found.units.end()) continue;
    const auto section = found.sections.find({passage.document, unit->second.unit.section});
    if (section != found.sections.end()) passage.heading = section->second.section.path;
  }
}

// The chunks with the most of what is asked first.
void sort_by_terms(retrieval::CandidateSet& found) {
  for (retrieval::Hit& hit : found.nearest) {
    retrieval::TermSet held;
    for (const auto& [id, place] : found.units) {
      if (hit.span.contains(place.unit.span)) held |= place.terms;
    }
    for (std::size_t i = 0; i < found.terms.size(); ++i) hit.score += held.test(i) ? found.terms[i].idf : 0;
  }
  std::ranges::sort(found.nearest, {}, [](const retrieval::Hit& hit) { return std::pair(-hit.score, hit.span.start); });
}

}  // namespace

Result<Routing> route_in(std::string_view question, const retrieval::Filter& filter, library::Snapshot& at) {
  Routing routing = DM_TRY(route(question));
  if (routing.route != Route::kDirect) return routing;
  for (const Part& part : plan(routing.question).parts) {
    const auto asked = asked_place(part.asks);
    if (asked && DM_TRY(place_meant(*asked, filter, at))) return routing;
  }
  return route_to_hybrid(question);
}

Result<std::optional<Evidence>> read_place(const Part& part, const retrieval::Filter& filter, library::Library& library,
                                           retrieval::Index& index, const RetrievalOptions& options, Deadline deadline,
                                           std::stop_token stop) {
  const std::optional<AskedPlace> asked = asked_place(part.asks);
  if (!asked) return std::optional<Evidence>();
  library::Snapshot at = DM_TRY(library.read(deadline, stop));
  const std::optional<Place> place = DM_TRY(place_meant(*asked, filter, at));
  if (!place) return std::optional<Evidence>();
  std::vector<library::Unit> units;
  if (place->missing.empty()) units = DM_TRY(at.units_in(place->document.key, place->span));
  Reading reading(*place, units);
  Exhaustive set = reading.read();
  const bool reads = asked->about.empty();
  if (units.empty()) return std::optional(Evidence{.part = part, .found = {}, .set = std::move(set)});
  retrieval::CandidateOptions wanted = options.candidates;
  wanted.only = retrieval::UnitRange{units.front().id, units.back().id + 1};
  if (reads) wanted.vectors = retrieval::Stage::kOff;  // Nothing is ranked.
  const Part searched = reads ? part : Part{asked->about, asked->about};
  Evidence out{.part = searched,
               .found = DM_TRY(index.candidates({searched.text, options.nearest, {}}, wanted, deadline, stop))};
  out.found.nearest = DM_TRY(shown_of(*place, reads ? reading.end() : place->span.end, at));
  if (reads) {
    add_headings(out.found, set);
    out.set = std::move(set);
  } else {
    sort_by_terms(out.found);
  }
  return std::optional(std::move(out));
}

}  // namespace docmind::agents
