// A server in Python for tests: started, stopped and started again with the same folder and port.
//
// The script takes the folder and the port and prints "ready PORT" on its first line. It ends with this object.
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/threaded_seams.h"
#include "sys/subprocess.h"
#include "sys/testing/temp_folder.h"

namespace docmind::sys {

class ScriptServer {
 public:
  ScriptServer(std::string python, std::string script, std::vector<std::string> more = {})
      : python_(std::move(python)), script_(std::move(script)), more_(std::move(more)) {
    start();
  }
  ~ScriptServer() { stop(); }
  ScriptServer(const ScriptServer&) = delete;
  ScriptServer& operator=(const ScriptServer&) = delete;

  std::uint16_t port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  void start() {
    std::vector<std::string> argv{std::filesystem::absolute(python_).string(),
                                  std::filesystem::absolute(script_).string(), folder().string(),
                                  std::to_string(port_)};
    argv.insert(argv.end(), more_.begin(), more_.end());
    auto started = Subprocess::start({.argv = std::move(argv), .env = {"PATH=/usr/bin:/bin"}, .err = Output::kInherit});
    ASSERT_TRUE(started) << started.error().message;
    process_ = *std::move(started);
    const auto line = process_->next_line(Deadline::in(std::chrono::seconds(120), clock_), {});
    ASSERT_TRUE(line) << line.error().message;
    ASSERT_TRUE(line->starts_with("ready ")) << *line;
    port_ = static_cast<std::uint16_t>(std::stoi(line->substr(6)));
  }
  void stop() {
    if (!process_) return;
    process_->terminate();
    (void)process_->wait(Deadline::in(std::chrono::seconds(60), clock_), {});
    process_.reset();
  }

 private:
  const std::string python_;
  const std::string script_;
  const std::vector<std::string> more_;
  SteadyClock clock_{};
  TempFolder folder_{};
  std::uint16_t port_ = 0;
  std::unique_ptr<Subprocess> process_{};
};

}  // namespace docmind::sys
