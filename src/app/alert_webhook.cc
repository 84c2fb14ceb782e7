#include "app/alert_webhook.h"

#include <boost/json.hpp>
#include <condition_variable>
#include <utility>

#include "app/remote_hosts.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/utc.h"
#include "exec/wait.h"

namespace docmind::app {
namespace {

namespace json = boost::json;

constexpr auto kOnePost = std::chrono::seconds(10);
constexpr auto kAllTries = std::chrono::minutes(15);
constexpr std::uint64_t kMostAnswer = 64U << 10U;

resilience::GuardOptions trying_for_minutes() {
  resilience::GuardOptions out;
  out.retry.attempts = 8;
  out.retry.first_wait = std::chrono::seconds(2);
  out.retry.longest_wait = std::chrono::minutes(2);
  out.attempt_timeout = kOnePost;
  return out;
}

std::string at(std::int64_t ms) { return utc_text(WallTime(std::chrono::milliseconds(ms))); }

std::string post_of(const server::AlertChange& change) {
  constexpr const char* kNever = "0001-01-01T00:00:00Z";
  const server::Alert& alert = change.alert;
  const bool begins = change.ended_ms == 0;
  const std::string_view status = begins ? "firing" : "resolved";
  const json::object labels{
      {"alertname", alert.name}, {"severity", server::name_of(change.severity)}, {"job", "docmind"}};
  const json::object annotations{{"summary", alert.says}, {"description", alert.to_do}};
  const json::object one{{"status", status},
                         {"labels", labels},
                         {"annotations", annotations},
                         {"startsAt", at(change.since_ms)},
                         {"endsAt", begins ? std::string(kNever) : at(change.ended_ms)},
                         {"generatorURL", ""},
                         {"fingerprint", content_hash(to_text(labels)).hex().substr(0, 16)}};
  return to_text(json::object{{"version", "4"},
                              {"groupKey", "{}:{alertname=" + to_text(json::value(alert.name)) + "}"},
                              {"truncatedAlerts", 0},
                              {"status", status},
                              {"receiver", "docmind"},
                              {"groupLabels", {{"alertname", alert.name}}},
                              {"commonLabels", labels},
                              {"commonAnnotations", annotations},
                              {"externalURL", ""},
                              {"alerts", json::array{one}}});
}

}  // namespace

Result<net::Address> webhook_address(const config::Settings& settings) {
  net::Address address = DM_TRY(net::address_of(settings.alerts.webhook).with("alerts.webhook"));
  DM_TRY(check_host("alerts.webhook", address.endpoint.host, settings));
  return address;
}

Result<std::unique_ptr<AlertWebhook>> AlertWebhook::open(net::Address address, AlertWebhookDeps deps) {
  std::unique_ptr<AlertWebhook> out(new AlertWebhook(std::move(address), std::move(deps)));
  const bool here = net::is_loopback(out->address_.endpoint);
  out->client_ = DM_TRY(net::Client::open({.reach = here ? net::Reach::kThisMachine : net::Reach::kAnywhere}));
  out->guard_ = DM_TRY(resilience::Guard::open(
      "alerts", trying_for_minutes(), {out->deps_.clock, out->deps_.rng, out->deps_.metrics, out->deps_.pause}));
  out->sending_ = std::jthread([raw = out.get()](const std::stop_token& stop) { raw->send_all(stop); });
  return out;
}

AlertWebhook::AlertWebhook(net::Address address, AlertWebhookDeps deps)
    : address_(std::move(address)), deps_(std::move(deps)) {}

AlertWebhook::~AlertWebhook() = default;

void AlertWebhook::count(const char* status) {
  deps_.metrics
      .counter("docmind_alert_posts_total", "Posts to alerts.webhook, by how they ended.", {{"status", status}})
      .add();
}

void AlertWebhook::tell(const server::AlertChange& change) {
  std::string body = post_of(change);
  const MutexLock lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    deps_.log.event(obs::Level::kWarn, "alert_not_told", {{"why", "too many wait for alerts.webhook"}});
    return count("dropped");
  }
  waiting_.push_back(std::move(body));
  changed_.notify_all();
}

void AlertWebhook::send_all(const std::stop_token& stop) {
  for (;;) {
    std::string body;
    {
      MutexLock lock(mutex_);
      const auto some = [this]() DM_REQUIRES(mutex_) { return !waiting_.empty(); };
      if (exec::wait_until(changed_, lock, Deadline::never(), stop, some) != exec::Waited::kReady) return;
      body = std::move(waiting_.front());
      waiting_.pop_front();
    }
    send(body, stop);
  }
}

void AlertWebhook::send(const std::string& body, const std::stop_token& stop) {
  net::Request request{.method = "POST", .body = body};
  request.target.path = address_.path.empty() ? "/" : address_.path;
  request.headers.set("Content-Type", "application/json");
  const auto done = guard_->run(
      {.deadline = Deadline::in(kAllTries, deps_.clock), .stop = stop}, [&](resilience::Attempt& attempt) -> Result<> {
        DM_TRY(client_->call(address_.endpoint, request,
                             {.deadline = attempt.deadline(), .stop = attempt.stop(), .max_body = kMostAnswer}));
        return {};
      });
  count(done.result ? "sent" : "failed");
  if (!done.result && !stop.stop_requested())
    deps_.log.failure(obs::Level::kWarn, "alert_not_told", done.result.error());
}

}  // namespace docmind::app
