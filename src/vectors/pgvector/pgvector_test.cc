#include "vectors/pgvector/pgvector.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sys/testing/script_server.h"
#include "vectors/testing/store_conformance.h"

namespace docmind::vectors {
namespace {

using Search = PgvectorOptions::Search;

// A real PostgreSQL with pgvector.
struct Postgres {
  sys::ScriptServer server{"/usr/bin/python3", "tests/servers/postgres.py"};
  SteadyClock clock{};

  std::string password() const {
    std::string out;
    std::ifstream(server.folder() / "password") >> out;
    return out;
  }
  PgvectorOptions options(Search search = Search::kExact) const {
    return {.place = {.host = "127.0.0.1", .port = server.port(), .user = "postgres", .database = "postgres"},
            .password = password(),
            .search = search,
            .timeout = std::chrono::seconds(30)};
  }
  Result<std::unique_ptr<Store>> open(PgvectorOptions options, const Collection& collection = {.name = "things"}) {
    return std::unique_ptr<Store>(DM_TRY(Pgvector::open(std::move(options), collection, clock)));
  }
};

template <Search kSearch>
struct InPostgres {
  static constexpr bool kRemote = true;
  Postgres its{};

  Result<std::unique_ptr<Store>> open(const Collection& collection) {
    return its.open(its.options(kSearch), collection);
  }
  void stop() { its.server.stop(); }
  void start() { its.server.start(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(PgvectorExact, StoreConformance, InPostgres<Search::kExact>);

class PgvectorTest : public testing::Test {
 protected:
  Deadline soon() const { return Deadline::in(std::chrono::seconds(60), postgres_.clock); }
  Postgres postgres_{};
};

TEST_F(PgvectorTest, FindsByTheGraph) {
  auto store = postgres_.open(postgres_.options(Search::kGraph),
                              {.name = "things", .fields = {{"document", FieldKind::kInteger}}});
  ASSERT_TRUE(store) << store.error().message;
  const auto ensured = (*store)->ensure(64, soon(), {});
  ASSERT_TRUE(ensured) << ensured.error().message;
  SeededRng rng(3);
  std::vector<Point> points;
  for (std::int64_t id = 0; id < 500; ++id)
    points.push_back({id, to_halves(random_unit(rng, 64)), {{"document", id % 9}}});
  ASSERT_TRUE((*store)->upsert(points, soon(), {}));
  for (const std::size_t wanted : {7UL, 77UL, 444UL}) {
    const std::vector<float> query = near_to(from_halves(points[wanted].vector), rng);
    const auto found = (*store)->nearest({.vector = query, .k = 3}, soon(), {});
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 3U);
    EXPECT_EQ(found->front().id, static_cast<std::int64_t>(wanted));
    EXPECT_NEAR(found->front().cosine, plain_cosine(query, points[wanted].vector), 1e-3);
    // With a filter every point that passes is looked at: none of them is missed.
    const auto some = (*store)->nearest(
        {.vector = query, .k = 60, .filter = {.all = {{"document", std::vector<std::int64_t>{3}}}}}, soon(), {});
    ASSERT_TRUE(some) << some.error().message;
    EXPECT_EQ(some->size(), 56U);
  }
}

TEST_F(PgvectorTest, SeveralMachinesMakeOneTable) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto store = postgres_.open(postgres_.options(), {.name = "made", .fields = {{"tags", FieldKind::kTexts}}});
      ASSERT_TRUE(store) << store.error().message;
      const auto ensured = (*store)->ensure(8, soon(), {});
      EXPECT_TRUE(ensured) << ensured.error().message;
    });
  }
}

TEST_F(PgvectorTest, AMachineIsFoundByItsName) {
  PgvectorOptions options = postgres_.options();
  options.place.host = "localhost";  // It may have two addresses; the server is at one of them.
  auto store = postgres_.open(options);
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  EXPECT_TRUE(ensured) << ensured.error().message;
  options.place.host = "no-such-host.invalid";
  const auto nowhere = (*postgres_.open(options))->ensure(8, soon(), {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Code::kUnavailable);
  EXPECT_NE(nowhere.error().message.find("no machine no-such-host.invalid"), std::string::npos)
      << nowhere.error().message;
}

TEST_F(PgvectorTest, SaysThatThePasswordIsWrong) {
  PgvectorOptions options = postgres_.options();
  options.password = "wrong";
  auto store = postgres_.open(options);
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kUnauthorized) << ensured.error().message;
  EXPECT_EQ(ensured.error().message.find("wrong"), std::string::npos);
  EXPECT_NE(ensured.error().hint.find("vectors.api_key"), std::string::npos);
}

TEST_F(PgvectorTest, SaysThatTheExtensionIsMissing) {
  PgvectorOptions options = postgres_.options();
  options.place.database = "bare";
  options.place.user = "plain";
  auto store = postgres_.open(options);
  ASSERT_TRUE(store);
  auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kConflict) << ensured.error().message;
  EXPECT_NE(ensured.error().hint.find("CREATE EXTENSION vector"), std::string::npos);
  options.place.user = "postgres";  // Who may create it, does.
  store = postgres_.open(options);
  ensured = (*store)->ensure(8, soon(), {});
  EXPECT_TRUE(ensured) << ensured.error().message;
}

TEST_F(PgvectorTest, SaysThatTheUserMayNotMakeTables) {
  PgvectorOptions options = postgres_.options();
  options.place.user = "plain";
  auto store = postgres_.open(options);
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kUnauthorized) << ensured.error().message;
  EXPECT_NE(ensured.error().message.find("permission denied"), std::string::npos);
}

TEST_F(PgvectorTest, SaysThatThereIsNoSuchDatabase) {
  PgvectorOptions options = postgres_.options();
  options.place.database = "nowhere";
  auto store = postgres_.open(options);
  ASSERT_TRUE(store);
  const auto ensured = (*store)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kNotFound) << ensured.error().message;
  EXPECT_NE(ensured.error().hint.find("vectors.url"), std::string::npos);
}

TEST_F(PgvectorTest, SaysThatTheTableIsAnother) {
  auto store = postgres_.open(postgres_.options(), {.name = "things", .fields = {{"scope", FieldKind::kText}}});
  ASSERT_TRUE((*store)->ensure(8, soon(), {}));
  auto other = postgres_.open(postgres_.options(), {.name = "things", .fields = {{"scope", FieldKind::kInteger}}});
  const auto ensured = (*other)->ensure(8, soon(), {});
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().code, Code::kConflict) << ensured.error().message;
}

TEST(PgvectorPlace, IsReadStrictly) {
  const auto place = place_of("postgresql://me@db.example:6000/docs?sslmode=verify-full&sslrootcert=/ca.pem");
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->host, "db.example");
  EXPECT_EQ(place->port, 6000);
  EXPECT_EQ(place->user, "me");
  EXPECT_EQ(place->database, "docs");
  EXPECT_EQ(place->sslmode, "verify-full");
  EXPECT_EQ(place->sslrootcert, "/ca.pem");
  EXPECT_EQ(place_of("postgres://me@127.0.0.1/docs")->port, 5432);
  for (const std::string_view wrong :
       {"", "http://127.0.0.1:5432", "postgresql://", "postgresql://127.0.0.1/docs", "postgresql://me@127.0.0.1",
        "postgresql://me@/docs", "postgresql://me:secret@127.0.0.1/docs", "postgresql://me@a,b/docs",
        "postgresql://me@127.0.0.1:0/docs", "postgresql://me@127.0.0.1:x/docs",
        "postgresql://me@127.0.0.1/docs?hostaddr=10.0.0.1", "postgresql://me@127.0.0.1/docs?service=other",
        "postgresql://me@127.0.0.1/docs?password=secret", "postgresql://me@127.0.0.1/docs?nothing=1"}) {
    const auto refused = place_of(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
    EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  }
}

TEST(Pgvector, WhereNobodyListensIsUnavailable) {
  const SteadyClock clock;
  auto store = Pgvector::open({.place = {.host = "127.0.0.1", .port = 1, .user = "u", .database = "d"}},
                              {.name = "things"}, clock);
  ASSERT_TRUE(store);
  const auto counted = (*store)->count(Deadline::never(), {});
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, Code::kUnavailable) << counted.error().message;
  EXPECT_FALSE(counted.error().hint.empty());
}

}  // namespace
}  // namespace docmind::vectors
