#include "app/alert_webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <latch>

#include "net/server.h"
#include "sys/clock.h"
#include "sys/rng.h"

namespace docmind::app {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

server::Alert alert(std::string name, server::AlertState state) {
  return {
      .name = std::move(name), .state = state, .since_ms = 1000, .says = "It is full.", .to_do = "Free some space."};
}

// Who is told: a real server, which answers with one status after the other, the last of them for ever.
struct AlertWebhookTest : testing::Test {
  void SetUp() override {
    auto opened = net::Server::open({}, [this](const net::Request& request, net::ResponseWriter& out) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return answers; });
      got.push_back(json::parse(request.body));
      EXPECT_EQ(request.method + " " + request.target.path, "POST /hook");
      const int status = statuses.size() > got.size() - 1 ? statuses[got.size() - 1] : statuses.back();
      changed.notify_all();
      (void)out.send({.status = status});
    });
    ASSERT_TRUE(opened);
    receiver = *std::move(opened);
    const auto port = receiver->listen_tcp({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(port);
    config::Settings settings;
    settings.alerts.webhook = "http://127.0.0.1:" + std::to_string(*port) + "/hook";
    auto webhook = AlertWebhook::open(*webhook_address(settings),
                                      {clock, rng, log, metrics, [](Duration, auto) { return Result<>(); }});
    ASSERT_TRUE(webhook);
    hook = *std::move(webhook);
  }
  void TearDown() override {
    hook.reset();
    receiver->stop(Deadline::in(Duration::zero(), clock));
  }
  void look(const std::vector<server::Alert>& alerts) {
    for (const server::AlertChange& change : changes.look(alerts)) hook->tell(change);
  }
  void wait_for(std::size_t posts) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return got.size() >= posts; });
  }
  double ended(const char* status) {
    return metrics.counter("docmind_alert_posts_total", "", {{"status", status}}).value();
  }

  sys::RealClock clock;
  sys::RealRng rng;
  obs::Log log;
  obs::Metrics metrics;
  server::AlertChanges changes{clock};
  std::mutex mutex;
  std::condition_variable changed;
  bool answers = true;
  std::vector<int> statuses{200};
  std::vector<json::value> got;
  std::unique_ptr<net::Server> receiver;
  std::unique_ptr<AlertWebhook> hook;
};

TEST_F(AlertWebhookTest, OnePostWhenItBeginsAndOneWhenItEnds) {
  using enum server::AlertState;
  look({alert("disk", kOk), alert("memory", kPending)});
  look({alert("disk", kCritical)});
  look({alert("disk", kWarning)});  // Goes on.
  wait_for(1);
  look({alert("disk", kOk)});
  wait_for(2);
  const json::object& begun = got.at(0).as_object();
  const json::object& over = got.at(1).as_object();
  EXPECT_EQ(begun.at("version"), "4");
  EXPECT_EQ(begun.at("status"), "firing");
  EXPECT_EQ(over.at("status"), "resolved");
  const json::object& first = begun.at("alerts").as_array().at(0).as_object();
  const json::object& last = over.at("alerts").as_array().at(0).as_object();
  EXPECT_EQ(first.at("labels"), (json::object{{"alertname", "disk"}, {"severity", "critical"}, {"job", "docmind"}}));
  EXPECT_EQ(first.at("annotations"), (json::object{{"summary", "It is full."}, {"description", "Free some space."}}));
  EXPECT_EQ(first.at("startsAt"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(first.at("endsAt"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(last.at("labels"), first.at("labels"));
  EXPECT_EQ(last.at("fingerprint"), first.at("fingerprint"));
  EXPECT_EQ(last.at("startsAt"), first.at("startsAt"));
  EXPECT_NE(last.at("endsAt"), first.at("endsAt"));
}

TEST_F(AlertWebhookTest, IsTriedAgainWhileTheReceiverFails) {
  statuses = {503, 503, 200};
  look({alert("disk", server::AlertState::kWarning)});
  wait_for(3);
  EXPECT_EQ(got.at(0), got.at(2));
  look({});
  wait_for(4);                  // The next is sent when the one before has ended.
  EXPECT_GE(ended("sent"), 1);  // And the second, if that has been counted already.
  EXPECT_EQ(got.at(3).at("status"), "resolved");
}

TEST_F(AlertWebhookTest, AReceiverThatHangsHoldsNobodyUpAndTheQueueIsBounded) {
  {
    const std::lock_guard lock(mutex);
    answers = false;
  }
  std::vector<server::Alert> many;
  for (std::size_t i = 0; i < AlertWebhook::kMostWaiting + 10; ++i) {
    many.push_back(alert("check " + std::to_string(i), server::AlertState::kWarning));
  }
  look(many);
  EXPECT_GE(ended("dropped"), 9);  // One may be on its way already.
  {
    const std::lock_guard lock(mutex);
    answers = true;
    changed.notify_all();
  }
  wait_for(AlertWebhook::kMostWaiting);
}

TEST(AlertWebhookAddress, AnotherMachineHasToBeNamed) {
  config::Settings settings;
  settings.alerts.webhook = "http://pager.example/hook";
  const auto refused = webhook_address(settings);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("alerts.webhook would send text to pager.example"));
  settings.backends.allow_remote = "pager.example";
  EXPECT_EQ(webhook_address(settings)->path, "/hook");
  settings.alerts.webhook = "pager";
  EXPECT_EQ(webhook_address(settings).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace docmind::app
