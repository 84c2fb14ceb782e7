// What every vectors::Store does, as a typed suite. A Subject opens stores over one place where points are kept:
//   Result<std::unique_ptr<Store>> open(const Collection&);
//   void stop(); void start();  // Of the server behind it; what it holds stays. Nothing for a place in this process.
//   static constexpr bool kRemote;  // Whether there is something to stop.
//   std::string missing() const;    // May be left out. Why there is none, not empty: every test is skipped.
// Each test has a Subject and collections of its own.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <thread>

#include "base/rng.h"
#include "base/testing/threaded_seams.h"
#include "vectors/store.h"
#include "vectors/testing/random_unit.h"

namespace docmind::vectors {

// A unit vector close to another one.
inline std::vector<float> near_to(const std::vector<float>& centre, Rng& rng) {
  std::vector<float> v = random_unit(rng, centre.size());
  double norm = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    v[i] = centre[i] + 0.3F * v[i];
    norm += static_cast<double>(v[i]) * static_cast<double>(v[i]);
  }
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(norm));
  return v;
}

inline double plain_cosine(const std::vector<float>& query, const Halves& halves) {
  double sum = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    sum += static_cast<double>(query[i]) * static_cast<double>(from_half(halves[i]));
  }
  return sum;
}

inline std::vector<std::int64_t> ids_of(const Result<std::vector<Nearest>>& found) {
  std::vector<std::int64_t> ids;
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  if (!found) return ids;
  for (const Nearest& one : *found) ids.push_back(one.id);
  return ids;
}

template <typename Subject>
class StoreConformance : public testing::Test {
 protected:
  static constexpr std::uint32_t kSize = 32;

  void SetUp() override {
    if constexpr (requires { subject_.missing(); }) {
      if (const std::string why = subject_.missing(); !why.empty()) GTEST_SKIP() << why;
    }
    auto opened = subject_.open(
        {.name = "things",
         .fields = {{"document", FieldKind::kInteger}, {"scope", FieldKind::kText}, {"tags", FieldKind::kTexts}}});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
    ensured(kSize);
  }

  void ensured(std::uint32_t dimensions) {
    const auto done = store_->ensure(dimensions, soon(), {});
    ASSERT_TRUE(done) << done.error().message << " " << done.error().hint;
  }
  Deadline soon() const { return Deadline::in(std::chrono::seconds(60), clock_); }

  void put(const std::vector<Point>& points) {
    const auto done = store_->upsert(points, soon(), {});
    ASSERT_TRUE(done) << done.error().message << " " << done.error().hint;
  }
  Result<std::vector<Nearest>> nearest(const std::vector<float>& vector, std::size_t k, Filter filter = {},
                                       std::vector<std::string> payload = {}) {
    return store_->nearest({vector, k, std::move(filter), std::move(payload)}, soon(), {});
  }
  std::uint64_t count() {
    const auto counted = store_->count(soon(), {});
    EXPECT_TRUE(counted) << (counted ? "" : counted.error().message);
    return counted ? *counted : 0;
  }

  Point point(std::int64_t id, Payload payload = {}) {
    return {id, to_halves(random_unit(rng_, kSize)), std::move(payload)};
  }
  // Half of them anywhere, half of them around ten places.
  std::vector<Point> many(std::size_t size) {
    std::vector<std::vector<float>> centres;
    for (int i = 0; i < 10; ++i) centres.push_back(random_unit(rng_, kSize));
    std::vector<Point> points;
    for (std::size_t i = 0; i < size; ++i) {
      points.push_back(point(static_cast<std::int64_t>(i) * 7 + 1, {{"document", static_cast<std::int64_t>(i % 13)}}));
      if (i % 2 == 0) points.back().vector = to_halves(near_to(centres[i / 2 % 10], rng_));
    }
    return points;
  }

  Subject subject_{};
  SteadyClock clock_{};
  SeededRng rng_{7};
  std::unique_ptr<Store> store_{};
};

// Every one found is where the exact ranking has it, but for those whose cosines differ by less than a half float's
// rounding.
inline void expect_exact(const std::vector<Point>& points, const std::vector<float>& query, std::size_t k,
                         const std::vector<Nearest>& found) {
  std::map<std::int64_t, double> exact;
  for (const Point& one : points) exact.emplace(one.id, plain_cosine(query, one.vector));
  std::vector<double> best;
  for (const auto& [id, cosine] : exact) best.push_back(cosine);
  std::ranges::sort(best, std::greater<>());
  ASSERT_EQ(found.size(), std::min(k, points.size()));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_TRUE(exact.contains(found[i].id));
    EXPECT_NEAR(found[i].cosine, exact.at(found[i].id), 1e-3);
    EXPECT_NEAR(exact.at(found[i].id), best[i], 1e-3) << "rank " << i;
    if (i > 0) EXPECT_GE(found[i - 1].cosine, found[i].cosine);
  }
}

TYPED_TEST_SUITE_P(StoreConformance);

TYPED_TEST_P(StoreConformance, FindsWhatTheExactRankingFinds) {
  const std::vector<Point> points = this->many(2000);
  this->put(points);
  std::vector<Point> of_three;
  std::ranges::copy_if(points, std::back_inserter(of_three), [](const Point& one) {
    const auto document = std::get<std::int64_t>(one.payload.at("document"));
    return document == 3 || document == 5 || document == 8;
  });
  for (std::size_t i = 0; i < 20; ++i) {
    const std::vector<float> query =
        i % 2 == 0 ? random_unit(this->rng_, this->kSize) : near_to(from_halves(points[i * 31].vector), this->rng_);
    const auto all = this->nearest(query, 25);
    ASSERT_TRUE(all) << all.error().message;
    expect_exact(points, query, 25, *all);
    const auto some = this->nearest(query, 25, {.all = {{"document", std::vector<std::int64_t>{3, 5, 8}}}});
    ASSERT_TRUE(some) << some.error().message;
    expect_exact(of_three, query, 25, *some);
  }
}

TYPED_TEST_P(StoreConformance, GivesTheCosinesOfSomePoints) {
  const std::vector<Point> points = this->many(40);
  this->put(points);
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  const std::vector<std::int64_t> ids{points[7].id, 999'999, points[3].id, points[7].id};
  const auto cosines = this->store_->cosines(query, ids, this->soon(), {});
  ASSERT_TRUE(cosines) << cosines.error().message;
  ASSERT_EQ(cosines->size(), 4U);
  EXPECT_NEAR((*cosines)[0], plain_cosine(query, points[7].vector), 1e-3);
  EXPECT_EQ((*cosines)[1], 0);
  EXPECT_NEAR((*cosines)[2], plain_cosine(query, points[3].vector), 1e-3);
  EXPECT_EQ((*cosines)[3], (*cosines)[0]);
  const auto none = this->store_->cosines(query, {}, this->soon(), {});
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_TRUE(none->empty());
}

TYPED_TEST_P(StoreConformance, FiltersByEveryKindOfField) {
  this->put({this->point(1, {{"document", std::int64_t{17}}, {"scope", "a"}, {"tags", Texts{"user:x", "document:1"}}}),
             this->point(2, {{"document", std::int64_t{17}}, {"scope", "b"}, {"tags", Texts{"user:y"}}}),
             this->point(3, {{"document", std::int64_t{18}}, {"scope", "a"}, {"tags", Texts{}}}),  //
             this->point(4)});
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  const auto found = [&](Filter filter) {
    std::vector<std::int64_t> ids = ids_of(this->nearest(query, 10, std::move(filter)));
    std::ranges::sort(ids);
    return ids;
  };
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(found({}), Ids({1, 2, 3, 4}));
  EXPECT_EQ(found({.all = {{"document", Ids{17}}}}), Ids({1, 2}));
  EXPECT_EQ(found({.all = {{"document", Ids{17}}, {"scope", Texts{"a"}}}}), Ids({1}));
  EXPECT_EQ(found({.all = {{"scope", Texts{"a", "b", "c"}}}}), Ids({1, 2, 3}));
  EXPECT_EQ(found({.all = {{"tags", Texts{"user:y", "document:1"}}}}), Ids({1, 2}));
  EXPECT_EQ(found({.all = {{"tags", Texts{"user"}}}}), Ids({}));
  EXPECT_EQ(found({.all = {{"document", Ids{}}}}), Ids({}));
  EXPECT_EQ(found({.ids = Ids{4, 2, 99}}), Ids({2, 4}));
  EXPECT_EQ(found({.all = {{"scope", Texts{"a"}}}, .ids = Ids{3, 2}}), Ids({3}));
  EXPECT_EQ(found({.ids = Ids{}}), Ids({}));
}

TYPED_TEST_P(StoreConformance, GivesThePayloadThatWasAskedFor) {
  const Texts words{"größe \"zoll\"", "'); DROP TABLE things; --",    "{a,b}", "\\ \n\t\x01", "猫🐈", "",
                    "NULL",           std::string(kMaxTextBytes, 'x')};
  const Payload payload{{"document", std::numeric_limits<std::int64_t>::max()}, {"scope", words[1]}, {"tags", words}};
  this->put({this->point(1, payload), this->point(2)});
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  for (const std::string& word : words) {
    const auto one = this->nearest(query, 5, {.all = {{"tags", Texts{word}}}}, {"scope", "tags", "document"});
    ASSERT_TRUE(one) << one.error().message;
    ASSERT_EQ(one->size(), 1U) << word;
    EXPECT_EQ(one->front().payload, payload);
  }
  const auto other = this->nearest(query, 5, {.ids = std::vector<std::int64_t>{2}}, {"scope", "tags"});
  ASSERT_TRUE(other) << other.error().message;
  ASSERT_EQ(other->size(), 1U);
  EXPECT_EQ(other->front().payload, Payload{});
  const auto scope = this->nearest(query, 5, {.all = {{"scope", Texts{words[1]}}}}, {"scope"});
  ASSERT_TRUE(scope) << scope.error().message;
  ASSERT_EQ(scope->size(), 1U);
  EXPECT_EQ(scope->front().payload, (Payload{{"scope", words[1]}}));
}

TYPED_TEST_P(StoreConformance, ReplacesAPointWhole) {
  this->put({this->point(5, {{"document", std::int64_t{1}}, {"scope", "old"}})});
  const Point now = this->point(5, {{"document", std::int64_t{2}}});
  this->put({now});
  EXPECT_EQ(this->count(), 1U);
  const std::vector<float> query = from_halves(now.vector);
  EXPECT_TRUE(ids_of(this->nearest(query, 3, {.all = {{"scope", Texts{"old"}}}})).empty());
  const auto found = this->nearest(query, 3, {}, {"document", "scope"});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_NEAR(found->front().cosine, 1, 1e-3);
  EXPECT_EQ(found->front().payload, now.payload);
}

TYPED_TEST_P(StoreConformance, TheLastOfTheSameIdInOneCallStays) {
  const Point last = this->point(5, {{"scope", "last"}});
  this->put({this->point(5, {{"scope", "first"}}), this->point(6), last});
  EXPECT_EQ(this->count(), 2U);
  const auto found = this->nearest(from_halves(last.vector), 1, {}, {"scope"});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().payload, last.payload);
}

TYPED_TEST_P(StoreConformance, RemovesByIdByFieldAndAll) {
  std::vector<Point> points;
  for (std::int64_t id = 0; id < 12; ++id) {
    points.push_back(this->point(id, {{"document", id % 3}, {"tags", Texts{"t" + std::to_string(id % 2), "all"}}}));
  }
  this->put(points);
  const auto removed = [&](const Result<>& done) { ASSERT_TRUE(done) << done.error().message; };
  const std::vector<std::int64_t> ids{0, 1, 777};
  removed(this->store_->remove(ids, this->soon(), {}));
  EXPECT_EQ(this->count(), 10U);
  removed(this->store_->remove({}, this->soon(), {}));
  removed(this->store_->remove_where({.all = {{"document", std::vector<std::int64_t>{}}}}, this->soon(), {}));
  EXPECT_EQ(this->count(), 10U);
  removed(this->store_->remove_where({.all = {{"document", std::vector<std::int64_t>{2}}}}, this->soon(), {}));
  EXPECT_EQ(this->count(), 6U);  // 3 4 6 7 9 10
  removed(this->store_->remove_where({.all = {{"tags", Texts{"t0"}}}}, this->soon(), {}));
  std::vector<std::int64_t> left = ids_of(this->nearest(random_unit(this->rng_, this->kSize), 20));
  std::ranges::sort(left);
  EXPECT_EQ(left, std::vector<std::int64_t>({3, 7, 9}));
  removed(this->store_->remove_where({}, this->soon(), {}));
  EXPECT_EQ(this->count(), 0U);
}

TYPED_TEST_P(StoreConformance, TiesGoByIdUpwards) {
  const Halves same = to_halves(random_unit(this->rng_, this->kSize));
  std::vector<Point> points;
  for (std::int64_t id = 60; id >= 1; --id) points.push_back({id, same, {}});
  points.push_back(this->point(100));
  this->put(points);
  EXPECT_EQ(ids_of(this->nearest(from_halves(same), 5)), std::vector<std::int64_t>({1, 2, 3, 4, 5}));
  EXPECT_EQ(ids_of(this->nearest(from_halves(same), 61)).back(), 100);
}

TYPED_TEST_P(StoreConformance, FewerThanAskedForIsWhatThereIs) {
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  EXPECT_TRUE(ids_of(this->nearest(query, 5)).empty());
  EXPECT_EQ(this->count(), 0U);
  this->put({});
  this->put({this->point(1), this->point(2)});
  EXPECT_EQ(ids_of(this->nearest(query, kMaxNearest)).size(), 2U);
  EXPECT_TRUE(ids_of(this->nearest(query, 0)).empty());
}

TYPED_TEST_P(StoreConformance, TakesManyAtOnce) {
  const std::vector<Point> points = this->many(3000);
  this->put(points);
  EXPECT_EQ(this->count(), 3000U);
  std::vector<std::int64_t> ids;
  for (const Point& one : points) ids.push_back(one.id);
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  const auto cosines = this->store_->cosines(query, ids, this->soon(), {});
  ASSERT_TRUE(cosines) << cosines.error().message;
  for (std::size_t i = 0; i < ids.size(); i += 97) {
    EXPECT_NEAR((*cosines)[i], plain_cosine(query, points[i].vector), 1e-3);
  }
  EXPECT_EQ(ids_of(this->nearest(query, 2500)).size(), 2500U);
  const auto removed = this->store_->remove(std::span(ids).first(2990), this->soon(), {});
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(this->count(), 10U);
}

TYPED_TEST_P(StoreConformance, RefusesWhatIsNoPointOrQuestion) {
  const auto refused = [](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kInvalidArgument) << result.error().message;
  };
  const auto put = [&](Point point) { return this->store_->upsert(std::vector{std::move(point)}, this->soon(), {}); };
  Point bad = this->point(1);
  bad.vector.pop_back();
  refused(put(bad));
  bad = this->point(1);
  bad.vector[3] = to_half(std::nanf(""));
  refused(put(bad));
  bad.vector[3] = to_half(INFINITY);
  refused(put(bad));
  refused(put(this->point(-1)));
  refused(put(this->point(1, {{"nothing", "x"}})));
  refused(put(this->point(1, {{"document", "x"}})));
  refused(put(this->point(1, {{"scope", std::string("a\0b", 3)}})));
  refused(put(this->point(1, {{"scope", "\xff"}})));
  refused(put(this->point(1, {{"scope", std::string(kMaxTextBytes + 1, 'x')}})));
  std::vector<float> query = random_unit(this->rng_, this->kSize);
  refused(this->nearest(query, kMaxNearest + 1));
  refused(this->nearest(query, 1, {.all = {{"nothing", Texts{"x"}}}}));
  refused(this->nearest(query, 1, {.all = {{"document", Texts{"x"}}}}));
  refused(this->nearest(query, 1, {}, {"nothing"}));
  refused(this->nearest({1, 0}, 1));
  refused(this->store_->counts("nothing", this->soon(), {}));
  query[0] = std::nanf("");
  refused(this->nearest(query, 1));
  EXPECT_EQ(this->count(), 0U);
}

TYPED_TEST_P(StoreConformance, AZeroVectorHasCosineZero) {
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  std::vector<float> opposite = query;
  for (float& x : opposite) x = -x;
  this->put({{1, to_halves(opposite), {}}, {2, Halves(this->kSize, 0), {}}, {3, to_halves(query), {}}});
  const auto found = this->nearest(query, 3);
  EXPECT_EQ(ids_of(found), std::vector<std::int64_t>({3, 2, 1}));
  EXPECT_NEAR((*found)[1].cosine, 0, 1e-6);
}

TYPED_TEST_P(StoreConformance, CountsTheValuesOfAField) {
  this->put({this->point(1, {{"document", std::int64_t{7}}, {"scope", "b"}, {"tags", Texts{"x", "y"}}}),
             this->point(2, {{"document", std::int64_t{7}}, {"scope", "a"}, {"tags", Texts{"x"}}}),
             this->point(3, {{"document", std::int64_t{-2}}}), this->point(4)});
  const auto counts = [&](std::string_view field) {
    std::vector<std::pair<std::variant<std::int64_t, std::string>, std::uint64_t>> out;
    const auto counted = this->store_->counts(field, this->soon(), {});
    EXPECT_TRUE(counted) << (counted ? "" : counted.error().message);
    if (!counted) return out;
    for (const Count& one : *counted) out.emplace_back(one.value, one.points);
    return out;
  };
  using Counts = decltype(counts("document"));
  EXPECT_EQ(counts("document"), Counts({{std::int64_t{-2}, 1}, {std::int64_t{7}, 2}}));
  EXPECT_EQ(counts("scope"), Counts({{"a", 1}, {"b", 1}}));
  EXPECT_EQ(counts("tags"), Counts({{"x", 2}, {"y", 1}}));
}

TYPED_TEST_P(StoreConformance, EnsuresOnceAndSaysWhenItIsAnother) {
  this->put({this->point(1)});
  this->ensured(this->kSize);
  EXPECT_EQ(this->count(), 1U);
  const auto other = this->store_->ensure(this->kSize * 2, this->soon(), {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::kConflict) << other.error().message;
  EXPECT_FALSE(other.error().hint.empty());
  const auto wrong = this->store_->ensure(kMaxDimensions + 1, this->soon(), {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  for (int i = 0; i < 2; ++i) {
    const auto dropped = this->store_->drop(this->soon(), {});
    ASSERT_TRUE(dropped) << dropped.error().message;
  }
  this->ensured(this->kSize * 2);
  EXPECT_EQ(this->count(), 0U);
}

TYPED_TEST_P(StoreConformance, SaysWhenThereIsNoCollection) {
  const auto dropped = this->store_->drop(this->soon(), {});
  ASSERT_TRUE(dropped) << dropped.error().message;
  const auto missing = [](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kNotFound) << result.error().message;
  };
  const std::vector<std::int64_t> ids{1};
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  missing(this->store_->upsert(std::vector{this->point(1)}, this->soon(), {}));
  missing(this->nearest(query, 1));
  missing(this->store_->cosines(query, ids, this->soon(), {}));
  missing(this->store_->remove(ids, this->soon(), {}));
  missing(this->store_->remove_where({}, this->soon(), {}));
  missing(this->store_->counts("scope", this->soon(), {}));
  missing(this->store_->count(this->soon(), {}));
}

TYPED_TEST_P(StoreConformance, WorksForSeveralAtOnce) {
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  const Halves vector = to_halves(query);
  {
    std::vector<std::jthread> threads;
    for (std::int64_t mine = 0; mine < 4; ++mine) {
      threads.emplace_back([&, mine] {
        for (std::int64_t i = 0; i < 10; ++i) {
          const std::vector<Point> points{{mine * 100 + i, vector, {{"document", mine}}}};
          EXPECT_TRUE(this->store_->upsert(points, this->soon(), {}));
          EXPECT_EQ(ids_of(this->nearest(query, 50, {.all = {{"document", std::vector<std::int64_t>{mine}}}})).size(),
                    static_cast<std::size_t>(i + 1));
        }
        const std::vector<std::int64_t> first{mine * 100};
        EXPECT_TRUE(this->store_->remove(first, this->soon(), {}));
      });
    }
  }
  EXPECT_EQ(this->count(), 36U);
}

TYPED_TEST_P(StoreConformance, HoldsWhatItHeldWhenTheServerIsBack) {
  if (!TypeParam::kRemote) GTEST_SKIP() << "it is in this process";
  const std::vector<Point> points = this->many(50);
  this->put(points);
  this->subject_.stop();
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  const auto away = [](const auto& result) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kUnavailable) << result.error().message;
    EXPECT_FALSE(result.error().hint.empty());
  };
  away(this->nearest(query, 5));
  away(this->store_->upsert(points, this->soon(), {}));
  away(this->store_->ensure(this->kSize, this->soon(), {}));
  away(this->store_->count(this->soon(), {}));
  this->subject_.start();
  EXPECT_EQ(this->count(), 50U);
  const auto found = this->nearest(query, 5);
  ASSERT_TRUE(found) << found.error().message;
  expect_exact(points, query, 5, *found);
}

TYPED_TEST_P(StoreConformance, EndsWhenItIsTold) {
  if (!TypeParam::kRemote) GTEST_SKIP() << "it is in this process";
  const std::vector<float> query = random_unit(this->rng_, this->kSize);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = this->store_->nearest({.vector = query, .k = 1}, this->soon(), stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::kCancelled) << stopped.error().message;
  const auto late = this->store_->nearest({.vector = query, .k = 1}, Deadline::in(Duration::zero(), this->clock_), {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kDeadlineExceeded) << late.error().message;
}

REGISTER_TYPED_TEST_SUITE_P(StoreConformance, FindsWhatTheExactRankingFinds, GivesTheCosinesOfSomePoints,
                            FiltersByEveryKindOfField, GivesThePayloadThatWasAskedFor, ReplacesAPointWhole,
                            TheLastOfTheSameIdInOneCallStays, RemovesByIdByFieldAndAll, TiesGoByIdUpwards,
                            FewerThanAskedForIsWhatThereIs, TakesManyAtOnce, RefusesWhatIsNoPointOrQuestion,
                            AZeroVectorHasCosineZero, CountsTheValuesOfAField, EnsuresOnceAndSaysWhenItIsAnother,
                            SaysWhenThereIsNoCollection, WorksForSeveralAtOnce, HoldsWhatItHeldWhenTheServerIsBack,
                            EndsWhenItIsTold);

}  // namespace docmind::vectors
