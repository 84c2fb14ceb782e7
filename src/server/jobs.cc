#include "server/jobs.h"

#include <algorithm>
#include <utility>

namespace docmind::server {

Jobs::Job::Job(Jobs& jobs, std::string what, const std::stop_token& gone)
    : jobs_(jobs), gone_(gone, [stop = stop_]() mutable { stop.request_stop(); }) {
  const MutexLock lock(jobs_.mutex_);
  id_ = std::to_string(++jobs_.begun_);
  jobs_.listed_.push_back(
      {{.id = id_, .what = std::move(what), .began_ms = jobs_.clock_.wall().time_since_epoch().count()}, stop_});
}

Jobs::Job::~Job() {
  const MutexLock lock(jobs_.mutex_);
  jobs_.listed_.remove_if([this](const Listed& one) { return one.info.id == id_; });
}

void Jobs::Job::tell(const service::Progress& progress) {
  const MutexLock lock(jobs_.mutex_);
  const auto at =
      std::ranges::find(jobs_.listed_, id_, [](const Listed& one) -> const std::string& { return one.info.id; });
  at->info.progress = progress;
}

std::vector<JobInfo> Jobs::list() const {
  const MutexLock lock(mutex_);
  std::vector<JobInfo> out;
  for (const Listed& one : listed_) out.push_back(one.info);
  return out;
}

Result<> Jobs::stop(std::string_view id) {
  std::stop_source found(std::nostopstate);
  {
    const MutexLock lock(mutex_);
    for (const Listed& one : listed_) {
      if (one.info.id == id) found = one.stop;
    }
  }
  if (!found.stop_possible()) {
    return Error{Code::kNotFound, "there is no job " + std::string(id) + " any more",
                 "GET /api/jobs lists what goes on."};
  }
  found.request_stop();  // Without the lock: what it wakes may end the job here.
  return {};
}

}  // namespace docmind::server
