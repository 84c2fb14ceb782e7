// What is being done for somebody that takes its time, for everybody to see and to stop: documents that are read.
//
// Thread safety: every method from any thread. As many as there are requests that do such work.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "service/service.h"

namespace docmind::server {

struct JobInfo {
  std::string id{};                             // Of this process: "1", "2", ...
  std::string what{};                           // In words: "report.pdf", "3 files".
  std::int64_t began_ms{};                      // UTC.
  std::optional<service::Progress> progress{};  // As it was told last.
};

class Jobs {
 public:
  // A job while it lives; it ends with this object.
  class Job {
   public:
    // `gone` stops it, too.
    Job(Jobs& jobs, std::string what, const std::stop_token& gone);
    ~Job();
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    const std::string& id() const { return id_; }
    std::stop_token stop() const { return stop_.get_token(); }
    void tell(const service::Progress& progress);

   private:
    Jobs& jobs_;
    std::stop_source stop_{};
    std::stop_callback<std::function<void()>> gone_;
    std::string id_{};
  };

  explicit Jobs(const Clock& clock) : clock_(clock) {}

  std::vector<JobInfo> list() const;   // The eldest first.
  Result<> stop(std::string_view id);  // kNotFound when it has ended.

 private:
  struct Listed {
    JobInfo info{};
    std::stop_source stop{};
  };

  const Clock& clock_;
  mutable Mutex mutex_;
  std::uint64_t begun_ DM_GUARDED_BY(mutex_) = 0;
  std::list<Listed> listed_ DM_GUARDED_BY(mutex_);
};

}  // namespace docmind::server
