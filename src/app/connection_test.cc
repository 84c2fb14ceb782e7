// Real sockets in a folder of the test; only the product behind them is played.
#include "app/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/server.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using testing::ElementsAre;

// Answers with its name, fails and streams on demand.
void answer(const std::string& name, const net::Request& request, net::ResponseWriter& writer) {
  if (request.target.path == "/fails") {
    EXPECT_TRUE(writer.send(net::error_response({Code::kNotFound, "no such thing", "look elsewhere"})));
  } else if (request.target.path == "/events") {
    EXPECT_TRUE(writer.begin({.headers = {{"Content-Type", "text/event-stream"}}, .body = {}}));
    EXPECT_TRUE(writer.write(net::sse_text("progress", "1")));
    EXPECT_TRUE(writer.write(net::sse_text("summary", "2")));
    EXPECT_TRUE(writer.end());
  } else {
    EXPECT_TRUE(writer.send(net::json_response(200, "\"" + name + "\"")));
  }
}

class PlayedHolding final : public Holding {
 public:
  PlayedHolding(const std::string& name, const std::string& socket, std::vector<std::string>& log) : log_(log) {
    auto opened = net::Server::open(
        {}, [name](const net::Request& request, net::ResponseWriter& writer) { answer(name, request, writer); });
    EXPECT_TRUE(opened);
    server_ = *std::move(opened);
    EXPECT_TRUE(server_->listen_unix(socket));
  }
  std::uint64_t running() const override { return busy; }
  void stop(Deadline drain) override {
    log_.emplace_back(drain.is_never() ? "stop when done" : "stop now");
    server_->stop(drain);
  }
  std::uint64_t busy = 0;

 private:
  std::vector<std::string>& log_;
  std::unique_ptr<net::Server> server_;
};

struct ConnectionTest : testing::Test {
  std::unique_ptr<PlayedHolding> holding(const std::string& name) {
    return std::make_unique<PlayedHolding>(name, layout.socket.string(), log);
  }
  // Refuses so often, because another process holds the directory, then holds.
  Connection connection(int refusals, std::stop_token stop = {}) {
    return Connection({layout, clock, *client,
                       [this, refusals]() mutable -> Result<std::unique_ptr<Holding>> {
                         if (refusals-- > 0) return Error{Code::kConflict, "somebody holds it", "ask them"};
                         auto ours = holding("ours");
                         ours->busy = busy;
                         return std::unique_ptr<Holding>(std::move(ours));
                       }},
                      std::move(stop));
  }
  static net::Request get(const std::string& path) {
    net::Request request;
    request.target.path = path;
    return request;
  }

  sys::TempFolder folder;
  sys::RealClock clock;
  std::unique_ptr<net::Client> client = *net::Client::open();
  Layout layout = [this] {
    Layout made;
    made.socket = folder / "s.sock";
    return made;
  }();
  std::vector<std::string> log;
  std::uint64_t busy = 0;
};

TEST_F(ConnectionTest, HoldsTheDirectoryWhenNobodyDoes) {
  Connection api = connection(0);
  EXPECT_EQ(api.call(get("/x"))->body, "\"ours\"");
  EXPECT_EQ(api.call(get("/x"))->body, "\"ours\"") << "and holds it once";
  api.finish([&] { log.emplace_back("waiting"); });
  EXPECT_THAT(log, ElementsAre("stop when done"));
}

TEST_F(ConnectionTest, SpeaksToWhoeverHoldsIt) {
  const auto theirs = holding("theirs");
  Connection api = connection(1000);
  EXPECT_EQ(api.call(get("/x"))->body, "\"theirs\"");
  api.finish([&] { log.emplace_back("waiting"); });
  EXPECT_THAT(log, ElementsAre()) << "what is another's is not stopped";
}

TEST_F(ConnectionTest, TakesThePlaceOfAHolderThatGoes) {
  Connection api = connection(2);  // It holds the lock, but serves nothing any more.
  EXPECT_EQ(api.call(get("/x"))->body, "\"ours\"");
  api.finish([] {});
}

TEST_F(ConnectionTest, AHolderLostBetweenTwoRequestsIsReplaced) {
  auto theirs = holding("theirs");
  Connection api = connection(2);
  EXPECT_EQ(api.call(get("/x"))->body, "\"theirs\"");
  theirs.reset();
  EXPECT_EQ(api.call(get("/x"))->body, "\"ours\"");
  api.finish([] {});
}

TEST_F(ConnectionTest, AnErrorBodyIsAnError) {
  Connection api = connection(0);
  const auto failed = api.call(get("/fails"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kNotFound);
  EXPECT_EQ(failed.error().message, "no such thing");
  EXPECT_EQ(failed.error().hint, "look elsewhere");
  api.finish([] {});
}

TEST_F(ConnectionTest, EventsComeAsTheyAreSent) {
  Connection api = connection(0);
  std::vector<std::string> got;
  ASSERT_TRUE(api.stream(get("/events"), [&](const net::SseEvent& event) -> Result<> {
    got.push_back(event.name + " " + event.data);
    return {};
  }));
  EXPECT_THAT(got, ElementsAre("progress 1", "summary 2"));
  api.finish([] {});
}

TEST_F(ConnectionTest, WhatCannotBeHeldIsNotTriedAgain) {
  int tries = 0;
  Connection api({layout, clock, *client,
                  [&]() -> Result<std::unique_ptr<Holding>> {
                    ++tries;
                    return Error{Code::kDataLoss, "the library is damaged", "restore it"};
                  }},
                 {});
  EXPECT_EQ(api.call(get("/x")).error().code, Code::kDataLoss);
  EXPECT_EQ(tries, 1);
  api.finish([&] { log.emplace_back("waiting"); });
  EXPECT_THAT(log, ElementsAre());
}

TEST_F(ConnectionTest, AStopEndsTheWaitForAHolder) {
  std::stop_source stop;
  stop.request_stop();
  Connection api = connection(1000, stop.get_token());
  EXPECT_EQ(api.call(get("/x")).error().code, Code::kCancelled);
}

TEST_F(ConnectionTest, OthersRequestsAreFinishedUnlessThePersonStops) {
  busy = 1;
  std::stop_source stop;
  Connection patient = connection(0, stop.get_token());
  ASSERT_TRUE(patient.call(get("/x")));
  patient.finish([&] { log.emplace_back("waiting"); });
  EXPECT_THAT(log, ElementsAre("waiting", "stop when done"));
  log.clear();
  Connection hasty = connection(0, stop.get_token());
  ASSERT_TRUE(hasty.call(get("/x")));
  stop.request_stop();
  hasty.finish([&] { log.emplace_back("waiting"); });
  EXPECT_THAT(log, ElementsAre("stop now"));
}

}  // namespace
}  // namespace docmind::app
