// The choice in short: units by score; one beside a chosen one in the same block and page widens that claim; then what
// is left of the budget goes to the sentence after and the one before each claim, the best claim first. Neighbours are
// worth several right answers in a hundred, and make the quotes readable.
#include "agents/result_synthesizer.h"

#include <algorithm>
#include <map>
#include <set>

#include "agents/impl/words.h"

namespace docmind::agents {
namespace {

using library::Unit;

const Unit* unit_of(const std::vector<Evidence>& evidence, std::int64_t id) {
  for (const Evidence& one : evidence) {
    const auto found = one.found.units.find(id);
    if (found != one.found.units.end()) return &found->second.unit;
  }
  return nullptr;
}

// All units any part's evidence brought, and what the choice has taken so far.
class Choice {
 public:
  Choice(const std::vector<Evidence>& evidence, const SynthesisOptions& options)
      : evidence_(evidence), options_(options) {}

  // Goes through one part's units by score until its share of claims and characters is used.
  void choose(std::uint32_t part, std::vector<RankedUnit>& ranked, std::uint32_t claims, std::uint64_t characters) {
    std::uint32_t made = 0;
    std::uint64_t used = 0;
    for (RankedUnit& one : ranked) {
      const Unit& unit = *find(one.unit.candidate.unit);
      if (taken_.contains(unit.id)) {
        one.fate = Fate::kChosen;
        continue;
      }
      if (note_duplicate(unit)) {
        one.fate = Fate::kDuplicate;
        continue;
      }
      const std::uint64_t more = length(unit);
      Growing* const beside = claim_beside(unit);
      const bool fits = used + more <= characters;
      if (beside != nullptr && fits) {
        widen(*beside, unit);
        one.fate = Fate::kMerged;
      } else if (fits && made < claims) {
        start(unit, part, one.unit.score);
        one.fate = Fate::kChosen;
        ++made;
      } else if (made >= claims || static_cast<double>(used) >= options_.enough * static_cast<double>(characters)) {
        one.fate = fits ? Fate::kNotReached : Fate::kNoRoom;
        return;
      } else {
        one.fate = Fate::kNoRoom;
        continue;
      }
      used += more;
    }
  }

  // Spends what is left on neighbours, the best claim first: what follows a colon, without which the claim says
  // nothing, then the sentence after and the one before.
  void add_neighbours(std::vector<std::vector<RankedUnit>>& ranked) {
    std::vector<std::size_t> order(claims_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return claims_[a].score != claims_[b].score ? claims_[a].score > claims_[b].score : a < b;
    });
    for (const std::size_t i : order) {
      if (find(claims_[i].last)->text.ends_with(':')) add(claims_[i], after(claims_[i]), ranked);
    }
    for (const std::size_t i : order) {
      add(claims_[i], after(claims_[i]), ranked);
      add(claims_[i], before(claims_[i]), ranked);
    }
  }

  // The claims as drafts, in reading order: documents by their best claim, places by offset.
  std::vector<DraftClaim> take() {
    join_touching();
    std::map<std::int64_t, double> best;
    for (const Growing& claim : claims_) {
      const auto [at, fresh] = best.try_emplace(claim.document, claim.score);
      if (!fresh) at->second = std::max(at->second, claim.score);
    }
    std::sort(claims_.begin(), claims_.end(), [&](const Growing& a, const Growing& b) {
      if (a.document != b.document) {
        const double left = best.at(a.document);
        const double right = best.at(b.document);
        return left != right ? left > right : a.document < b.document;
      }
      return a.first < b.first;
    });
    std::vector<DraftClaim> drafts;
    for (const Growing& claim : claims_) drafts.push_back(draft(claim));
    return drafts;
  }

 private:
  struct Growing {
    std::int64_t document = 0;
    std::int64_t first = 0;  // Units, both included.
    std::int64_t last = 0;
    double score = 0;
    std::uint32_t part = 0;
    std::vector<std::int64_t> elsewhere;  // The same sentence in other places.
    std::string same;                     // Letters and digits of the unit it began with.
  };

  const Unit* find(std::int64_t id) const { return unit_of(evidence_, id); }

  // In characters, with the blank that will stand before it.
  static std::uint64_t length(const Unit& unit) {
    return 1 + static_cast<std::uint64_t>(std::count_if(unit.text.begin(), unit.text.end(), [](char c) {
             return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
           }));
  }

  static std::string letters_of(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (is_upper(c)) {
        out += static_cast<char>(c - 'A' + 'a');
      } else if (is_lower(c) || is_digit(c) || (static_cast<unsigned char>(c) & 0x80U) != 0) {
        out += c;
      }
    }
    return out;
  }

  // A sentence that is chosen already stands here once more: a second citation instead of a second claim.
  bool note_duplicate(const Unit& unit) {
    const std::string same = letters_of(unit.text);
    for (Growing& claim : claims_) {
      if (claim.same != same) continue;
      if (claim.elsewhere.size() + 1 < options_.citations) claim.elsewhere.push_back(unit.id);
      return true;
    }
    return false;
  }

  Growing* claim_beside(const Unit& unit) {
    for (Growing& claim : claims_) {
      if (claim.document != unit.document) continue;
      if (unit.id != claim.last + 1 && unit.id != claim.first - 1) continue;
      const Unit* const edge = find(unit.id == claim.last + 1 ? claim.last : claim.first);
      if (edge->block == unit.block && edge->page == unit.page) return &claim;
    }
    return nullptr;
  }

  void start(const Unit& unit, std::uint32_t part, double score) {
    claims_.push_back({unit.document, unit.id, unit.id, score, part, {}, letters_of(unit.text)});
    take_unit(unit);
  }

  void widen(Growing& claim, const Unit& unit) {
    claim.first = std::min(claim.first, unit.id);
    claim.last = std::max(claim.last, unit.id);
    take_unit(unit);
  }

  void take_unit(const Unit& unit) {
    taken_.insert(unit.id);
    used_ += length(unit);
  }

  void add(Growing& claim, const Unit* near, std::vector<std::vector<RankedUnit>>& ranked) {
    if (near == nullptr || used_ + length(*near) > options_.characters) return;
    widen(claim, *near);
    mark(ranked, near->id);
  }

  // A short unit ("make deb-pkg") is no claim, but may stand beside one; what is no source may not.
  bool may_join(const Unit* near, const Unit& edge) const {
    return near != nullptr && !taken_.contains(near->id) && near->document == edge.document &&
           near->page == edge.page && near->section == edge.section && (near->source || !says_enough(near->text)) &&
           near->kind != library::UnitKind::kHeading;
  }

  const Unit* after(const Growing& claim) const {
    const Unit& edge = *find(claim.last);
    const Unit* const near = find(claim.last + 1);
    if (!may_join(near, edge)) return nullptr;
    return near->block == edge.block || edge.text.ends_with(':') ? near : nullptr;
  }

  const Unit* before(const Growing& claim) const {
    const Unit& edge = *find(claim.first);
    const Unit* const near = find(claim.first - 1);
    return may_join(near, edge) && near->block == edge.block ? near : nullptr;
  }

  // Claims that have grown into each other become one.
  void join_touching() {
    std::sort(claims_.begin(), claims_.end(), [](const Growing& a, const Growing& b) { return a.first < b.first; });
    for (std::size_t i = 0; i + 1 < claims_.size();) {
      Growing& one = claims_[i];
      const Growing& next = claims_[i + 1];
      const Unit& edge = *find(one.last);
      const Unit& start = *find(next.first);
      const bool touch = one.document == next.document && one.last + 1 == next.first && edge.block == start.block &&
                         edge.page == start.page;
      if (!touch) {
        ++i;
        continue;
      }
      one.last = next.last;
      one.score = std::max(one.score, next.score);
      one.part = std::min(one.part, next.part);
      claims_.erase(claims_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
  }

  static void mark(std::vector<std::vector<RankedUnit>>& ranked, std::int64_t id) {
    for (auto& part : ranked) {
      for (RankedUnit& one : part) {
        if (one.unit.candidate.unit == id) one.fate = Fate::kNeighbour;
      }
    }
  }

  DraftClaim draft(const Growing& claim) const {
    DraftClaim out{{passage_of(evidence_, claim.first, claim.last)}, claim.score, claim.part};
    for (const std::int64_t id : claim.elsewhere) out.passages.push_back(passage_of(evidence_, id, id));
    return out;
  }

  const std::vector<Evidence>& evidence_;
  const SynthesisOptions& options_;
  std::vector<Growing> claims_;
  std::set<std::int64_t> taken_;
  std::uint64_t used_ = 0;
};

// Scores every part's units. Which parts have one that is strong enough.
std::vector<std::uint32_t> rank_units(const std::vector<Evidence>& evidence, const SynthesisOptions& options,
                                      Draft& draft) {
  std::vector<std::uint32_t> answerable;
  for (std::uint32_t part = 0; part < evidence.size(); ++part) {
    const Evidence& one = evidence[part];
    std::vector<RankedUnit> ranked;
    if (one.set) {  // Counted: nothing of it is ranked.
      draft.best.push_back(0);
      draft.ranked.emplace_back();
      continue;
    }
    for (const ScoredUnit& unit : score_units(one.found, asked_forms(one.part.asks), options.weights)) {
      ranked.push_back({unit, Fate::kNotReached});
    }
    draft.best.push_back(ranked.empty() ? 0 : ranked.front().unit.score);
    const double tau = one.found.dense_used ? options.tau : options.tau_keyword;
    if (ranked.empty() || draft.best.back() <= tau) {
      for (RankedUnit& unit : ranked) unit.fate = Fate::kTooWeak;
      draft.unanswered.push_back(part);
    } else {
      answerable.push_back(part);
    }
    draft.ranked.push_back(std::move(ranked));
  }
  return answerable;
}

// What was counted is told as it is, before what was found.
void add_sets(const std::vector<Evidence>& evidence, Draft& draft) {
  for (std::uint32_t part = 0; part < evidence.size(); ++part) {
    const auto& set = evidence[part].set;
    if (!set) continue;
    for (const SetClaim& claim : set->claims) draft.claims.push_back({claim.passages, 0, part, claim.said});
  }
}

}  // namespace

std::string_view name(Fate fate) {
  switch (fate) {
    case Fate::kChosen:
      return "chosen";
    case Fate::kMerged:
      return "merged";
    case Fate::kNeighbour:
      return "neighbour";
    case Fate::kDuplicate:
      return "duplicate";
    case Fate::kNoRoom:
      return "no_room";
    case Fate::kTooWeak:
      return "too_weak";
    case Fate::kNotReached:
      return "not_reached";
  }
  return "not_reached";
}

Passage passage_of(const std::vector<Evidence>& evidence, std::int64_t first, std::int64_t last) {
  const Unit& start = *unit_of(evidence, first);
  Passage out{start.document, {start.span.start, unit_of(evidence, last)->span.end}, first, last, start.block, {}, {}};
  for (std::int64_t id = first; id <= last; ++id) out.pieces.push_back(unit_of(evidence, id)->text);
  for (const Evidence& one : evidence) {
    const auto section = one.found.sections.find({start.document, start.section});
    if (section != one.found.sections.end()) out.heading = section->second.section.path;
  }
  return out;
}

Draft list_units(const std::vector<Evidence>& evidence, const SynthesisOptions& options) {
  Draft draft;
  const std::vector<std::uint32_t> answerable = rank_units(evidence, options, draft);
  add_sets(evidence, draft);
  for (const std::uint32_t part : answerable) {
    for (std::size_t i = 0; i < std::min<std::size_t>(options.claims, draft.ranked[part].size()); ++i) {
      RankedUnit& one = draft.ranked[part][i];
      one.fate = Fate::kChosen;
      draft.claims.push_back(
          {{passage_of(evidence, one.unit.candidate.unit, one.unit.candidate.unit)}, one.unit.score, part});
    }
  }
  return draft;
}

Draft synthesize(const std::vector<Evidence>& evidence, const SynthesisOptions& options) {
  Draft draft;
  const std::vector<std::uint32_t> answerable = rank_units(evidence, options, draft);
  add_sets(evidence, draft);
  if (answerable.empty()) return draft;
  Choice choice(evidence, options);
  const auto shares = static_cast<std::uint32_t>(answerable.size());
  std::uint32_t claims = options.claims;
  for (std::uint32_t i = 0; i < shares; ++i) {
    const std::uint32_t share = (claims + (shares - i) - 1) / (shares - i);  // The first part has the odd one.
    choice.choose(answerable[i], draft.ranked[answerable[i]], share, options.characters / shares);
    claims -= share;
  }
  choice.add_neighbours(draft.ranked);
  for (DraftClaim& claim : choice.take()) draft.claims.push_back(std::move(claim));
  return draft;
}

}  // namespace docmind::agents
