#include "agents/exhaustive.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "agents/asked_set.h"
#include "agents/collection.h"
#include "agents/collection_match.h"
#include "agents/exact_find.h"
#include "agents/impl/set_wording.h"
#include "agents/set_search.h"
#include "agents/tally.h"

namespace docmind::agents {
namespace {

constexpr double kAsGood = 0.15;      // Sets whose scores differ by less all answer.
constexpr double kHeadingsYield = 1;  // Headings are what is counted only when no table or list is.

using Found = std::optional<Exhaustive>;

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Passage passage_of(const Row& row) {
  Passage out;
  out.document = row.document;
  out.span = row.span;
  out.block = row.block;
  out.heading = row.path;
  out.pieces = {row.text};
  return out;
}

class SetReader {
 public:
  SetReader(library::Snapshot& at, const ExhaustiveOptions& options, Deadline deadline, std::stop_token stop)
      : at_(at), options_(options), deadline_(deadline), stop_(std::move(stop)) {}

  Result<Found> read(const AskedSet& asked, const retrieval::Filter& filter) {
    DM_TRY(read_collections(asked, filter));
    const std::size_t single = collections_.size();
    for (Collection& joined : joined_tables(collections_)) collections_.push_back(std::move(joined));
    match_all(asked, single);
    keep_best();
    if (matched_.empty()) return Found();
    return tell();
  }

 private:
  struct Matched {
    const Collection* collection = nullptr;
    std::unique_ptr<Grid> grid;
    Selection selection;
  };

  // The words of what is counted; where these may be anything, all of the question.
  static std::string words_of(const AskedSet& asked) {
    std::string words;
    for (const Purpose purpose : {Purpose::kSubject, Purpose::kMeasure, Purpose::kOther}) {
      for (const AskedWord& word : asked.words) {
        const bool counts = word.purpose == purpose || (word.token.character && word.purpose != Purpose::kOperation);
        if (!counts) continue;
        words += (word.token.character ? "" : " ") + word.token.lower;
        for (const std::string& term : word.token.terms) words += word.token.character ? "" : " " + term;
      }
      if (!words.empty() && !asked.generic) break;
    }
    return words;
  }

  Result<> read_collections(const AskedSet& asked, const retrieval::Filter& filter) {
    const auto keep = [&](const Collection& one) { return may_match(asked, one); };
    FoundSets found = DM_TRY(sets_about(words_of(asked), keep, filter, at_, options_.reading, deadline_, stop_));
    documents_read_ = found.documents_read;
    documents_total_ = found.documents_total;
    cut_ = std::move(found.cut);
    collections_ = std::move(found.sets);
    return {};
  }

  // The first `single` collections are as they stand; the others are joined of them.
  void match_all(const AskedSet& asked, std::size_t single) {
    std::map<std::vector<std::string>, std::vector<double>> by_columns;
    for (std::size_t i = 0; i < collections_.size(); ++i) {
      if (deadline_.expired()) cut_ = "The time ended";
      if (!cut_.empty() && deadline_.expired()) return;
      const Collection& collection = collections_[i];
      if (i >= single && by_columns[collection.columns].size() == 1) continue;  // The question means this one table.
      auto grid = std::make_unique<Grid>(grid_of(collection));
      auto selection = match(asked, *grid);
      if (!selection) continue;
      if (collection.kind == CollectionKind::kHeadings) selection->score -= kHeadingsYield;
      if (i < single) {
        if (collection.kind == CollectionKind::kTable) by_columns[collection.columns].push_back(selection->score);
      } else if (!alike(by_columns[collection.columns])) {
        continue;
      } else {
        // It stands for its tables.
        for (const double score : by_columns[collection.columns]) selection->score = std::max(selection->score, score);
        std::erase_if(matched_, [&](const Matched& one) { return one.collection->columns == collection.columns; });
      }
      matched_.push_back({&collection, std::move(grid), *std::move(selection)});
    }
  }

  static bool alike(const std::vector<double>& scores) {
    if (scores.empty()) return true;
    const auto [least, most] = std::ranges::minmax(scores);
    return most - least <= kAsGood;
  }

  void keep_best() {
    double best = 0;
    for (const Matched& one : matched_) best = std::max(best, one.selection.score);
    std::erase_if(matched_, [&](const Matched& one) { return one.selection.score < best - kAsGood; });
    // The same rows may be a group of headings in two ways.
    std::set<std::pair<std::int64_t, std::uint64_t>> begun;
    std::erase_if(matched_, [&](const Matched& one) {
      const Row& first = one.collection->rows.front();
      return !begun.insert({first.document, first.span.start}).second;
    });
    // More than a person would read: the question is too vague to be counted.
    if (matched_.size() > options_.claims) matched_.clear();
  }

  Result<const library::Document*> document(std::int64_t key) {
    const auto known = documents_.find(key);
    if (known != documents_.end()) return &known->second;
    return &documents_.emplace(key, DM_TRY(at_.document(key))).first->second;
  }

  Result<std::string> place_of(const Collection& collection) {
    std::set<std::int64_t> keys;
    for (const Row& row : collection.rows) keys.insert(row.document);
    if (keys.size() > 1) return fmt::format("{} documents", keys.size());
    return file_name(DM_TRY(document(*keys.begin()))->path);
  }

  Result<Found> tell() {
    Exhaustive out;
    out.operation = name(matched_.front().selection.operation);
    for (const Matched& one : matched_) {
      auto rows = tally(one.selection, *one.grid);
      if (!rows && rows.error().code == Code::kResourceExhausted) continue;
      const Tally tallied = DM_TRY(std::move(rows));
      const Told told{*one.grid, one.selection, tallied, DM_TRY(place_of(*one.collection))};
      const std::vector<std::string> claims = wording(told, options_);
      if (claims.empty()) continue;
      const std::vector<Passage> passages = cited(one, tallied);
      for (const std::string& said : claims) {
        if (out.claims.size() == options_.claims) break;
        out.claims.push_back({said, passages});
      }
      DM_TRY(note(one, tallied, out));
    }
    if (out.claims.empty()) return Found();
    if (!cut_.empty()) {
      out.partial_reason =
          fmt::format("{}: {} of {} documents that hold the words were read.", cut_, documents_read_, documents_total_);
      out.unit = "document";
      out.read = documents_read_;
      out.total = documents_total_;
    }
    return Found(std::move(out));
  }

  // The rows used; where none is, what names the columns: it is what the answer rests on.
  std::vector<Passage> cited(const Matched& one, const Tally& tallied) const {
    std::vector<Passage> passages;
    for (const std::size_t i : tallied.rows) {
      if (passages.size() == options_.citations) break;
      passages.push_back(passage_of(one.collection->rows[i]));
    }
    if (passages.empty() && !one.collection->header.text.empty())
      passages.push_back(passage_of(one.collection->header));
    if (passages.empty()) passages.push_back(passage_of(one.collection->rows.front()));
    return passages;
  }

  Result<> note(const Matched& one, const Tally& tallied, Exhaustive& out) {
    const Collection& collection = *one.collection;
    out.unit = row_name(collection.kind);
    out.read += tallied.counted;
    out.total += tallied.counted;
    std::map<std::int64_t, ReadSet> sets;
    for (const Row& row : collection.rows) {
      auto [at, fresh] = sets.try_emplace(row.document);
      if (fresh) at->second = {std::string(name(collection.kind)), DM_TRY(document(row.document))->id, row.span, 0, 0};
      at->second.span.end = std::max(at->second.span.end, row.span.end);
      at->second.rows += row.summary ? 0 : 1;
    }
    for (const std::size_t i : tallied.rows) ++sets.at(collection.rows[i].document).used;
    for (auto& [key, set] : sets) {
      out.sets.push_back(std::move(set));
      out.documents.push_back(key);
    }
    return {};
  }

  library::Snapshot& at_;
  const ExhaustiveOptions& options_;
  Deadline deadline_;
  std::stop_token stop_;
  std::vector<Collection> collections_;  // Grids refer to them: all are there before the first grid.
  std::vector<Matched> matched_;
  std::map<std::int64_t, library::Document> documents_;
  std::uint64_t documents_read_ = 0;
  std::uint64_t documents_total_ = 0;
  std::string cut_;  // Why not everything was read.
};

// "7 occurrences of “bilge pump” in 2 of 9 documents: a.md (4); b.md (3). Read 9 of 9 documents."
Result<Found> find_phrase(const AskedPhrase& asked, const retrieval::Filter& filter, library::Snapshot& at,
                          const ExhaustiveOptions& options, Deadline deadline, std::stop_token stop) {
  auto searched = exact_find(asked.phrase, filter, at, {.places = 100'000}, deadline, std::move(stop));
  if (!searched && searched.error().code == Code::kInvalidArgument) return Found();
  const FoundPhrase found = DM_TRY(std::move(searched));
  if (found.places.empty()) return Found();
  Exhaustive out;
  out.operation = "find";
  out.unit = "document";
  out.read = found.documents_read;
  out.total = found.documents_total;
  if (out.read < out.total) {
    out.partial_reason = fmt::format("The time or the limit ended: {} of {} documents were read.", out.read, out.total);
  }
  std::map<std::int64_t, std::uint64_t> places;
  SetClaim claim;
  for (const Occurrence& one : found.places) {
    ++places[one.document];
    if (claim.passages.size() == options.citations) continue;
    Passage passage;
    passage.document = one.document;
    passage.span = one.span;
    passage.pieces = {DM_TRY(at.text(one.document, one.span))};
    claim.passages.push_back(std::move(passage));
  }
  std::vector<std::string> names;
  for (const std::int64_t key : found.holding) {
    const library::Document document = DM_TRY(at.document(key));
    names.push_back(fmt::format("{} ({})", file_name(document.path), places[key]));
    out.sets.push_back({"phrase", document.id, {0, document.text_bytes}, places[key], places[key]});
    out.documents.push_back(key);
  }
  const std::string times = counted(found.total, "occurrence");
  const std::string in = counted(found.holding.size(), "document");
  claim.said = asked.documents ? fmt::format("{} with {} of \u201c{}\u201d", in, times, asked.phrase)
                               : fmt::format("{} of \u201c{}\u201d in {}", times, asked.phrase, in);
  claim.said +=
      fmt::format(": {}. Read {} of {}.", names_of(names, options.names), out.read, counted(out.total, "document"));
  if (found.total > claim.passages.size()) {
    claim.said += fmt::format(" Cited: {} of {}.", claim.passages.size(), found.total);
  }
  out.claims.push_back(std::move(claim));
  return Found(std::move(out));
}

}  // namespace

Result<Found> read_exhaustively(std::string_view question, const retrieval::Filter& filter, library::Snapshot& at,
                                const ExhaustiveOptions& options, Deadline deadline, std::stop_token stop) {
  if (const auto phrase = asked_phrase(question)) {
    Found found = DM_TRY(find_phrase(*phrase, filter, at, options, deadline, stop));
    if (found) return found;
  }
  const auto asked = asked_set(question);
  if (!asked) return Found();
  return SetReader(at, options, deadline, std::move(stop)).read(*asked, filter);
}

}  // namespace docmind::agents
