// Tells somebody else's server when an alert begins and when it ends (setting alerts.webhook; empty: nobody is told).
//
// One POST of JSON each, in the form of Prometheus Alertmanager's webhooks, version "4"
// (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config), so that what receives those receives
// these. In it stand the alert's name, severity, sentence and what to do: nothing of documents, questions or answers.
// tell() never waits: a thread of its own sends what is queued, in order, each tried again for some minutes; what finds
// the queue full, or comes through at no try, is told to the log and given up. What had not been sent when the process
// ends is not sent later. Thread safety: any. Metrics: docmind_alert_posts_total{status} sent | failed | dropped.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/rng.h"
#include "base/thread_annotations.h"
#include "config/settings.h"
#include "net/address.h"
#include "net/client.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "resilience/guard.h"
#include "server/alert_changes.h"

namespace docmind::app {

// kInvalidArgument for what is no address, or one of another machine that is not allowed by name.
Result<net::Address> webhook_address(const config::Settings& settings);

struct AlertWebhookDeps {  // All outlive it.
  const Clock& clock;
  Rng& rng;
  const obs::Log& log;
  obs::Metrics& metrics;
  resilience::Pause pause;
};

class AlertWebhook {
 public:
  static constexpr std::size_t kMostWaiting = 64;

  static Result<std::unique_ptr<AlertWebhook>> open(net::Address address, AlertWebhookDeps deps);
  ~AlertWebhook();
  AlertWebhook(const AlertWebhook&) = delete;
  AlertWebhook& operator=(const AlertWebhook&) = delete;

  void tell(const server::AlertChange& change);

 private:
  AlertWebhook(net::Address address, AlertWebhookDeps deps);
  void send_all(const std::stop_token& stop);
  void send(const std::string& body, const std::stop_token& stop);
  void count(const char* status);

  const net::Address address_;
  const AlertWebhookDeps deps_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<resilience::Guard> guard_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_ DM_GUARDED_BY(mutex_);
  std::jthread sending_;  // Uses all of the above.
};

}  // namespace docmind::app
