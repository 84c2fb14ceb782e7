#include "agents/numbered_passages.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace docmind::agents {
namespace {

bool same_place(const Place& a, const Place& b) {
  return a.document == b.document && a.span.start == b.span.start && a.span.end == b.span.end;
}

bool same(const NumberedPassage& a, const NumberedPassage& b) {
  return a.wording == b.wording && a.text == b.text && std::ranges::equal(a.places, b.places, same_place);
}

// A unit and the section it stands in.
Result<> add_unit(library::Unit unit, library::Snapshot& at, Evidence& out) {
  const std::pair key(unit.document, unit.section);
  if (unit.section != library::kNone && !out.found.sections.contains(key)) {
    if (auto section = DM_TRY(at.section(unit.document, unit.section))) {
      out.found.sections.emplace(key, retrieval::SectionInPlace{.section = *std::move(section), .terms = {}});
    }
  }
  const std::int64_t id = unit.id;
  out.found.units.emplace(id, retrieval::UnitInPlace{.unit = std::move(unit), .terms = {}});
  return {};
}

}  // namespace

std::string title_of(const NumberedPassage& passage) {
  const std::string name = passage.document.substr(passage.document.find_last_of('/') + 1);
  return passage.page ? fmt::format("[{}] {}, page {}", passage.number, name, *passage.page)
                      : fmt::format("[{}] {}", passage.number, name);
}

std::string shown(const NumberedPassage& passage) {
  const std::string heading = passage.heading.empty() ? std::string() : passage.heading + "\n";
  return title_of(passage) + "\n" + heading + passage.text;
}

NumberedPassages::NumberedPassages(std::vector<NumberedPassage> first, std::size_t most)
    : most_(first.size() + most), items_(std::move(first)) {
  for (std::size_t i = 0; i < items_.size(); ++i) items_[i].number = static_cast<std::uint32_t>(i + 1);
}

std::optional<NumberedPassage> NumberedPassages::add(NumberedPassage passage) {
  const MutexLock lock(mutex_);
  const auto known = std::ranges::find_if(items_, [&](const NumberedPassage& one) { return same(one, passage); });
  if (known != items_.end()) return *known;
  if (items_.size() >= most_) return std::nullopt;
  passage.number = static_cast<std::uint32_t>(items_.size() + 1);
  items_.push_back(passage);
  return passage;
}

void NumberedPassages::put(NumberedPassage passage) {
  const MutexLock lock(mutex_);
  if (passage.number == 0 || passage.number > most_) return;
  if (items_.size() < passage.number) items_.resize(passage.number);
  items_[passage.number - 1] = std::move(passage);
}

std::vector<NumberedPassage> NumberedPassages::all() const {
  const MutexLock lock(mutex_);
  return items_;
}

Result<Place> place_in(std::string_view document_id, doc::Span span, library::Snapshot& at) {
  const library::Document document = DM_TRY(at.find(document_id));
  return Place{.document = document.key, .document_id = document.id, .version = document.version, .span = span};
}

Result<Evidence> units_of(const std::vector<NumberedPassage>& passages, library::Snapshot& at) {
  Evidence out;
  for (const NumberedPassage& passage : passages) {
    for (const Place& place : passage.places) {
      out.found.documents.emplace(place.document, place.document_id);
      for (library::Unit& unit : DM_TRY(at.units_in(place.document, place.span))) {
        DM_TRY(add_unit(std::move(unit), at, out));
      }
    }
  }
  return out;
}

}  // namespace docmind::agents
