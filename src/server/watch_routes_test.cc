#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "access/testing/temp_keys.h"
#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"
#include "session/testing/sessions_in_memory.h"

namespace docmind::server {
namespace {

using ::testing::HasSubstr;

class WatchRoutesTest : public ::testing::Test {
 protected:
  net::Response send(const std::string& method, const std::string& target, const std::string& body = "") {
    net::testing::RecordingWriter writer;
    return send(method, target, body, writer);
  }
  net::Response send(const std::string& method, const std::string& target, const std::string& body,
                     net::testing::RecordingWriter& writer) {
    routes_.handle({.method = method,
                    .target = *net::Target::parse(target),
                    .headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}},
                    .body = body},
                   writer);
    return writer.response;
  }
  // What somebody is told who comes now.
  std::string first_look() {
    net::testing::RecordingWriter writer;
    writer.patience = 1;
    return send("GET", "/api/events", "", writer).body;
  }

  testing::FakeService service_;
  obs::Metrics metrics_;
  ManualClock clock_;
  SeededRng rng_{3};
  std::unique_ptr<session::Sessions> sessions_ = session::testing::sessions_in_memory(clock_, rng_);
  Routes routes_{{.sessions = sessions_.get()}, service_, metrics_, clock_};
};

TEST_F(WatchRoutesTest, WhoComesIsToldEverythingOnce) {
  service_.library.generation = 7;
  const std::string told = first_look();
  EXPECT_THAT(told, HasSubstr("event: health\ndata: {\"status\":\"healthy\""));
  EXPECT_THAT(told, HasSubstr("event: backends\ndata: {\"backends\":[]}"));
  EXPECT_THAT(told, HasSubstr("event: documents\ndata: {\"generation\":7}"));
  EXPECT_THAT(told, HasSubstr("event: chats\ndata: {\"changes\":0}"));
  EXPECT_THAT(told, HasSubstr("event: jobs\ndata: {\"jobs\":[]}"));
}

TEST_F(WatchRoutesTest, ChangesOfChatsAreCountedAndLooksAtThemAreNot) {
  send("POST", "/api/sessions/ferries/ask", R"({"question":"Who?"})");
  send("GET", "/api/sessions");
  send("GET", "/api/sessions/ferries");
  EXPECT_THAT(first_look(), HasSubstr("{\"changes\":1}"));
  send("DELETE", "/api/sessions/nobody");
  EXPECT_THAT(first_look(), HasSubstr("{\"changes\":1}"));
  send("DELETE", "/api/sessions/ferries");
  send("DELETE", "/api/documents/D1");
  EXPECT_THAT(first_look(), HasSubstr("{\"changes\":3}"));
}

TEST_F(WatchRoutesTest, AnIngestIsAJobWhileItLasts) {
  service_.progress.resize(1);
  service_.progress[0].pages = 7;
  std::string listed;
  service_.working = [&](const std::stop_token&) { listed = send("GET", "/api/jobs").body; };
  const net::Response answer = send("POST", "/api/ingest", R"({"paths":["/d/a.pdf"]})");
  EXPECT_THAT(answer.body, HasSubstr("event: job\ndata: {\"job\":\"1\"}"));
  EXPECT_THAT(listed, HasSubstr(R"({"jobs":[{"job":"1","what":"/d/a.pdf","began_ms":0,"progress":{)"));
  EXPECT_THAT(listed, HasSubstr(R"("pages":7)"));
  EXPECT_EQ(send("GET", "/api/jobs").body, R"({"jobs":[]})");
  send("POST", "/api/ingest", R"({"paths":["/d/a.pdf","/e"]})");
  EXPECT_THAT(listed, HasSubstr(R"("job":"2","what":"2 paths")"));
}

TEST_F(WatchRoutesTest, AJobIsStoppedByAnybody) {
  bool stopped = false;
  service_.working = [&](const std::stop_token& stop) {
    EXPECT_EQ(send("DELETE", "/api/jobs/9").status, 404);
    EXPECT_FALSE(stop.stop_requested());
    EXPECT_EQ(send("DELETE", "/api/jobs/1").body, R"({"stopped":true})");
    stopped = stop.stop_requested();
  };
  send("POST", "/api/ingest", R"({"paths":["/d/a.pdf"]})");
  EXPECT_TRUE(stopped);
  EXPECT_EQ(send("DELETE", "/api/jobs/1").status, 404);
}

TEST_F(WatchRoutesTest, AJobEndsWhenWhoAskedForItGoes) {
  net::testing::RecordingWriter writer;
  bool stopped = false;
  service_.working = [&](const std::stop_token& stop) {
    writer.gone.request_stop();
    stopped = stop.stop_requested();
  };
  send("POST", "/api/ingest", R"({"paths":["/d/a.pdf"]})", writer);
  EXPECT_TRUE(stopped);
}

// Somebody who follows, until the stream ends by itself.
class Follower final : public net::ResponseWriter {
 public:
  explicit Follower(std::function<void(int)> on_write) : on_write_(std::move(on_write)) {}
  Result<> send(net::Response) override { return {}; }
  Result<> begin(net::Response) override { return {}; }
  Result<> write(std::string_view) override {
    on_write_(++writes);
    return {};
  }
  Result<> end() override {
    ended = true;
    return {};
  }
  std::stop_token stop() const override { return {}; }

  int writes = 0;
  bool ended = false;

 private:
  std::function<void(int)> on_write_;
};

TEST_F(WatchRoutesTest, WhoseKeyIsRevokedHearsNoMore) {
  access::testing::TempKeys keys(clock_);
  Routes routes({.keys = keys.get(), .gate = {.keys_needed = true}, .between_looks = Duration::zero()}, service_,
                metrics_, clock_);
  const auto key = *keys->add("", {access::Scope::kAsk}, std::nullopt);
  Follower follower([&](int writes) {
    service_.library.generation += 1;  // There is always something to tell.
    if (writes == 2) ASSERT_TRUE(keys->revoke(key.key.id));
  });
  routes.handle({.target = {.path = "/api/events"},
                 .headers = {{"Authorization", "Bearer " + key.secret}},
                 .peer = net::Peer::kTcp},
                follower);
  EXPECT_EQ(follower.writes, 2);
  EXPECT_TRUE(follower.ended);
}

}  // namespace
}  // namespace docmind::server
