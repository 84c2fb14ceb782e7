// A real redis-server in a temporary folder, on a free port of 127.0.0.1, for tests: killed, halted, started again.
#pragma once
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/redis/redis_url.h"
#include "net/free_port.h"
#include "sys/clock.h"
#include "sys/subprocess.h"
#include "sys/testing/temp_folder.h"

namespace docmind::cache::testing {

class RedisProcess {
 public:
  explicit RedisProcess(std::vector<std::string> arguments = {}) : arguments_(std::move(arguments)) { start(); }
  ~RedisProcess() { kill(); }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  // With the data of before, if it had been told to keep any.
  void start() {
    const bool again = port_ != 0;
    for (int tried = 0; tried < 20; ++tried) {
      if (!again) port_ = *net::free_port(0);
      std::vector<std::string> argv = {"/usr/bin/redis-server",
                                       "--port",
                                       std::to_string(port_),
                                       "--bind",
                                       "127.0.0.1",
                                       "--dir",
                                       folder_.path().string(),
                                       "--save",
                                       "",
                                       "--daemonize",
                                       "no"};
      argv.insert(argv.end(), arguments_.begin(), arguments_.end());
      auto started = sys::Subprocess::start({.argv = argv, .env = {"LC_ALL=C"}, .folder = folder_.path()});
      ASSERT_TRUE(started) << started.error().message;
      process_ = *std::move(started);
      if (is_ready()) return;
    }
    FAIL() << "redis-server does not start";
  }
  void kill() {
    if (process_ == nullptr) return;
    process_->kill();
    (void)process_->wait(Deadline::in(std::chrono::seconds(20), clock_), {});
    process_.reset();
  }
  void halt() { ::kill(process_->pid(), SIGSTOP); }
  void go_on() { ::kill(process_->pid(), SIGCONT); }

  std::uint16_t port() const { return port_; }
  RedisUrl url() const { return {.host = "127.0.0.1", .port = port_}; }
  std::string file(const std::string& name) const { return folder_ / name; }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  // Somebody else may have taken the port meanwhile; then it ends.
  bool is_ready() {
    const Deadline until = Deadline::in(std::chrono::seconds(20), clock_);
    for (;;) {
      const auto line = process_->next_line(until, {});
      if (!line) return false;
      if (line->find("Ready to accept connections") != std::string::npos) return true;
    }
  }

  std::vector<std::string> arguments_;
  sys::RealClock clock_;
  sys::TempFolder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<sys::Subprocess> process_;
};

}  // namespace docmind::cache::testing
