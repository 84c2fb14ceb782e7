#include "vectors/embedded.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "vectors/scan.h"

namespace docmind::vectors {
namespace {

using Single = std::variant<std::int64_t, std::string>;  // What a point is found by.
using Postings = std::map<Single, std::set<std::int64_t>>;

std::vector<Single> singles_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return {*number};
  if (const auto* text = std::get_if<std::string>(&value)) return {*text};
  const auto& texts = *std::get_if<Texts>(&value);
  return {texts.begin(), texts.end()};
}

std::vector<Single> singles_of(const Condition& condition) {
  return std::visit([](const auto& values) { return std::vector<Single>(values.begin(), values.end()); },
                    condition.any_of);
}

Error gone() { return {Code::kNotFound, "There is no such collection of vectors."}; }

}  // namespace

struct Embedded::State {
  // Rows lie behind one another; the last one fills the place of one that goes.
  struct Row {
    std::int64_t id = 0;
    Payload payload{};
  };

  Collection collection{};
  mutable std::shared_mutex mutex{};
  std::uint32_t dimensions = 0;  // 0: there is no collection. This and what follows: guarded by mutex.
  std::vector<Row> rows{};
  Halves halves{};
  std::unordered_map<std::int64_t, std::size_t> places{};
  std::map<std::string, Postings, std::less<>> postings{};

  void put(const Point& point);
  void remove(std::int64_t id);
  std::set<std::int64_t> meeting(const Condition& condition) const;
  std::vector<std::int64_t> meeting(const Filter& filter) const;
  std::vector<Neighbour> best(const NearestQuery& query) const;
  const Half* vector_at(std::size_t place) const { return halves.data() + place * dimensions; }
};

Embedded::Embedded(std::unique_ptr<State> state) : state_(std::move(state)) {}
Embedded::~Embedded() = default;

Result<std::unique_ptr<Embedded>> Embedded::open(Collection collection) {
  DM_TRY(check(collection));
  auto state = std::make_unique<State>();
  state->collection = std::move(collection);
  return std::unique_ptr<Embedded>(new Embedded(std::move(state)));
}

Result<> Embedded::ensure(std::uint32_t dimensions, Deadline, std::stop_token) {
  DM_TRY(check_dimensions(dimensions));
  const std::unique_lock lock(state_->mutex);
  if (state_->dimensions == 0) state_->dimensions = dimensions;
  if (state_->dimensions == dimensions) return {};
  return Error{Code::kConflict, "The collection holds vectors of another size.", "Drop it and fill it anew."};
}

// ---- changing ----

void Embedded::State::put(const Point& point) {
  remove(point.id);
  places.emplace(point.id, rows.size());
  rows.push_back({point.id, point.payload});
  halves.insert(halves.end(), point.vector.begin(), point.vector.end());
  for (const auto& [field, value] : point.payload) {
    for (const Single& single : singles_of(value)) postings[field][single].insert(point.id);
  }
}

void Embedded::State::remove(std::int64_t id) {
  const auto found = places.find(id);
  if (found == places.end()) return;
  const std::size_t place = found->second;
  for (const auto& [field, value] : rows[place].payload) {
    Postings& of_field = postings[field];
    for (const Single& single : singles_of(value)) {
      const auto posting = of_field.find(single);
      if (posting == of_field.end()) continue;  // A text that stands twice in a list.
      posting->second.erase(id);
      if (posting->second.empty()) of_field.erase(posting);
    }
  }
  const std::size_t last = rows.size() - 1;
  if (place != last) {
    rows[place] = std::move(rows[last]);
    places[rows[place].id] = place;
    std::copy_n(halves.begin() + static_cast<std::ptrdiff_t>(last * dimensions), dimensions,
                halves.begin() + static_cast<std::ptrdiff_t>(place * dimensions));
  }
  rows.pop_back();
  halves.resize(last * dimensions);
  places.erase(id);
}

Result<> Embedded::upsert(std::span<const Point> points, Deadline, std::stop_token) {
  const std::unique_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  DM_TRY(check(state_->collection, state_->dimensions, points));
  for (const Point& point : points) state_->put(point);
  return {};
}

Result<> Embedded::remove(std::span<const std::int64_t> ids, Deadline deadline, std::stop_token stop) {
  return remove_where({.ids = std::vector(ids.begin(), ids.end())}, deadline, std::move(stop));
}

Result<> Embedded::remove_where(const Filter& filter, Deadline, std::stop_token) {
  DM_TRY(check(state_->collection, filter));
  const std::unique_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  for (const std::int64_t id : state_->meeting(filter)) state_->remove(id);
  return {};
}

Result<> Embedded::drop(Deadline, std::stop_token) {
  const std::unique_lock lock(state_->mutex);
  state_->dimensions = 0;
  state_->rows = {};
  state_->halves = {};
  state_->places = {};
  state_->postings = {};
  return {};
}

// ---- finding ----

std::set<std::int64_t> Embedded::State::meeting(const Condition& condition) const {
  std::set<std::int64_t> out;
  const auto of_field = postings.find(condition.field);
  if (of_field == postings.end()) return out;
  for (const Single& single : singles_of(condition)) {
    const auto found = of_field->second.find(single);
    if (found != of_field->second.end()) out.insert(found->second.begin(), found->second.end());
  }
  return out;
}

std::vector<std::int64_t> Embedded::State::meeting(const Filter& filter) const {
  std::vector<std::int64_t> ids;
  if (filter.ids) {
    const std::set<std::int64_t> each(filter.ids->begin(), filter.ids->end());
    std::ranges::copy_if(each, std::back_inserter(ids), [&](std::int64_t id) { return places.contains(id); });
  } else if (filter.all.empty()) {
    for (const Row& row : rows) ids.push_back(row.id);
  }
  for (std::size_t i = 0; i < filter.all.size(); ++i) {
    const std::set<std::int64_t> met = meeting(filter.all[i]);
    if (i == 0 && !filter.ids) {
      ids.assign(met.begin(), met.end());
    } else {
      std::erase_if(ids, [&](std::int64_t id) { return !met.contains(id); });
    }
  }
  return ids;
}

std::vector<Neighbour> Embedded::State::best(const NearestQuery& query) const {
  Best out(query.k);
  if (query.filter.all.empty() && !query.filter.ids) {
    std::vector<float> cosines(rows.size());
    dots(query.vector, halves.data(), cosines);
    for (std::size_t i = 0; i < rows.size(); ++i) out.offer({rows[i].id, cosines[i]});
    return out.take();
  }
  for (const std::int64_t id : meeting(query.filter)) {
    Neighbour one{id, 0};
    dots(query.vector, vector_at(places.at(id)), std::span(&one.cosine, 1));
    out.offer(one);
  }
  return out.take();
}

Result<std::vector<Nearest>> Embedded::nearest(const NearestQuery& query, Deadline, std::stop_token) {
  const std::shared_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  DM_TRY(check(state_->collection, state_->dimensions, query));
  std::vector<Nearest> out;
  for (const Neighbour& one : state_->best(query)) {
    Nearest& found = out.emplace_back(Nearest{one.id, one.cosine, {}});
    const Payload& has = state_->rows[state_->places.at(one.id)].payload;
    for (const std::string& field : query.payload) {
      if (const auto value = has.find(field); value != has.end()) found.payload.insert(*value);
    }
  }
  return out;
}

Result<std::vector<float>> Embedded::cosines(std::span<const float> vector, std::span<const std::int64_t> ids, Deadline,
                                             std::stop_token) {
  const std::shared_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  DM_TRY(check(state_->collection, state_->dimensions, NearestQuery{.vector = vector}));
  std::vector<float> out(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = state_->places.find(ids[i]);
    if (found != state_->places.end()) dots(vector, state_->vector_at(found->second), std::span(&out[i], 1));
  }
  return out;
}

Result<std::vector<Count>> Embedded::counts(std::string_view field, Deadline, std::stop_token) {
  const std::shared_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  if (field_of(state_->collection, field) == nullptr) {
    return Error{Code::kInvalidArgument, "there is no field " + std::string(field)};
  }
  std::vector<Count> out;
  const auto found = state_->postings.find(field);
  if (found == state_->postings.end()) return out;
  for (const auto& [value, ids] : found->second) out.push_back({value, ids.size()});
  return out;
}

Result<std::uint64_t> Embedded::count(Deadline, std::stop_token) {
  const std::shared_lock lock(state_->mutex);
  if (state_->dimensions == 0) return gone();
  return static_cast<std::uint64_t>(state_->rows.size());
}

}  // namespace docmind::vectors
