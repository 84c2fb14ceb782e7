#include "app/engine_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>
#include <mutex>
#include <utility>

#include "base/json.h"
#include "net/server.h"
#include "sys/clock.h"

namespace docmind::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// An engine of four threads: the process is one that sleeps, and what answers for it is a server of the test.
class EngineThreadsTest : public testing::Test {
 protected:
  EngineThreadsTest() {
    server_ = *net::Server::open({}, [this](const net::Request& request, net::ResponseWriter& out) {
      std::string body = "{}";
      if (request.target.path == "/threads") {
        const double share = parse_json(request.body)->at("share").to_number<double>();
        body = to_text(boost::json::object{{"threads", 4 * share}, {"of", 4}});
        const std::lock_guard lock(mutex_);
        asked_.push_back(request.method + " " + request.body);
      }
      (void)out.send(net::json_response(well_ || request.target.path == "/health" ? 200 : 503, body));
    });
    const std::uint16_t port = *server_->listen_tcp({});
    child::ServerChildOptions options{.name = "engine"};
    options.stamp = [this]() -> Result<std::string> { return std::to_string(model_); };
    options.launch = [this, port](std::size_t) -> Result<child::Launch> {
      ++launches_;
      return child::Launch{.argv = {"/bin/sh", "-c", "exec sleep 1000"},
                           .environment = {"PATH=/usr/bin:/bin"},
                           .endpoint = {.host = "127.0.0.1", .port = port}};
    };
    engine_ = *child::ServerChild::open(std::move(options), {clock_, files_, *client_, log_, metrics_});
    threads_.add("chat", engine_.get());
    threads_.add("none", nullptr);
  }
  void start() { ASSERT_TRUE(engine_->running(soon(), {})); }
  std::vector<std::string> use(double share) {
    threads_.use(share, soon(), {});
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }
  Deadline soon() const { return Deadline::in(std::chrono::minutes(1), clock_); }

  sys::RealClock clock_;
  sys::RealFiles files_;
  obs::Log log_;
  obs::Metrics metrics_;
  std::unique_ptr<net::Client> client_ = *net::Client::open();
  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::atomic<bool> well_ = true;
  std::atomic<int> launches_ = 0;
  std::atomic<int> model_ = 1;  // What the engine is started from.
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<child::ServerChild> engine_;
  EngineThreads threads_{*client_, metrics_};
};

TEST_F(EngineThreadsTest, OneThatDoesNotRunIsNotStarted) {
  EXPECT_THAT(use(0.5), ElementsAre());
  EXPECT_EQ(launches_, 0);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_engine_threads")));
}

TEST_F(EngineThreadsTest, OneWhoseModelHasChangedIsNotEndedForIt) {
  start();
  ++model_;
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_EQ(launches_, 1);
}

TEST_F(EngineThreadsTest, EachShareIsToldOnceAndShown) {
  start();
  EXPECT_THAT(use(1), ElementsAre(R"(POST {"share":1})"));
  EXPECT_THAT(metrics_.text(), HasSubstr("docmind_engine_threads{engine=\"chat\"} 4\n"));
  EXPECT_THAT(use(1), ElementsAre());
  EXPECT_THAT(use(0.5), ElementsAre(R"(POST {"share":0.5})"));
  EXPECT_THAT(use(0.5), ElementsAre());
  EXPECT_THAT(metrics_.text(), HasSubstr("docmind_engine_threads{engine=\"chat\"} 2\n"));
}

TEST_F(EngineThreadsTest, ANewLifeIsToldAgain) {
  start();
  EXPECT_EQ(use(0.5).size(), 1U);
  engine_->end();
  EXPECT_THAT(use(0.5), ElementsAre());
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_engine_threads{")));
  start();
  EXPECT_EQ(launches_, 2);
  well_ = false;
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_engine_threads{"))) << "it has not said how many it has";
  well_ = true;
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_THAT(metrics_.text(), HasSubstr("docmind_engine_threads{engine=\"chat\"} 2\n"));
}

TEST_F(EngineThreadsTest, OneThatRefusesIsAskedAgain) {
  start();
  well_ = false;
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("docmind_engine_threads{")));
  well_ = true;
  EXPECT_EQ(use(0.5).size(), 1U);
  EXPECT_THAT(use(0.5), ElementsAre());
  EXPECT_THAT(metrics_.text(), HasSubstr("docmind_engine_threads{engine=\"chat\"} 2\n"));
}

}  // namespace
}  // namespace docmind::app
