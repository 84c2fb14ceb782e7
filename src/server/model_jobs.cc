#include "server/model_jobs.h"

#include <algorithm>
#include <list>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/thread_annotations.h"
#include "exec/pool.h"
#include "server/runs.h"

namespace docmind::server {
namespace {

namespace json = boost::json;

constexpr std::size_t kKept = 8;
constexpr auto kWindow = std::chrono::seconds(5);       // A rate is that of the last one or two of them,
constexpr auto kLeastWindow = std::chrono::seconds(1);  // and of no less than this.

double seconds(Duration of) { return std::chrono::duration<double>(of).count(); }

class Rate {
 public:
  void tell(TimePoint now, std::uint64_t done) {
    if (!older_ || done < newer_->done) {  // Begun, or begun again.
      older_ = newer_ = Mark{now, done};
    } else if (now - newer_->at >= kWindow) {
      older_ = std::exchange(newer_, Mark{now, done});
    }
    last_ = done;
  }

  std::optional<double> per_second(TimePoint now) const {
    if (!older_ || now - older_->at < kLeastWindow) return {};
    return static_cast<double>(last_ - older_->done) / seconds(now - older_->at);
  }

 private:
  struct Mark {
    TimePoint at{};
    std::uint64_t done = 0;
  };
  std::optional<Mark> older_{};
  std::optional<Mark> newer_{};
  std::uint64_t last_ = 0;
};

struct Wait {
  std::string why{};
  TimePoint until{};
};

struct Job {
  std::string id{};
  std::string kind{};
  json::object asked{};
  std::stop_source stop{};
  RunState state = RunState::kRunning;
  std::string what{};
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  Rate rate{};
  std::optional<Wait> wait{};
  std::optional<Error> failure{};
  std::optional<json::object> model{};
};

json::value failure_json(const std::optional<Error>& failure) {
  if (!failure) return nullptr;
  return json::object{{"code", name(failure->code)}, {"message", failure->message}, {"hint", failure->hint}};
}

json::object to_json(const Job& job, TimePoint now) {
  json::object out{{"id", job.id},
                   {"kind", job.kind},
                   {"asked", job.asked},
                   {"state", name_of(job.state)},
                   {"stopping", job.state == RunState::kRunning && job.stop.stop_requested()},
                   {"what", job.what},
                   {"done", job.done},
                   {"total", job.total},
                   {"bytes_per_second", nullptr},
                   {"seconds_left", nullptr},
                   {"waits", nullptr},
                   {"failure", failure_json(job.failure)},
                   {"model", job.model ? json::value(*job.model) : json::value(nullptr)}};
  if (job.state != RunState::kRunning) return out;
  if (job.wait) {
    out["waits"] = {{"why", job.wait->why}, {"seconds", std::max(0.0, seconds(job.wait->until - now))}};
  } else if (const auto rate = job.rate.per_second(now)) {
    out["bytes_per_second"] = *rate;
    if (*rate > 0) out["seconds_left"] = static_cast<double>(job.total - std::min(job.done, job.total)) / *rate;
  }
  return out;
}

}  // namespace

struct ModelJobs::State {
  State(const Clock& its_clock, Rng& its_rng) : clock(its_clock), rng(its_rng) {}

  const Clock& clock;
  Rng& rng;
  mutable Mutex mutex{};
  std::list<Job> jobs DM_GUARDED_BY(mutex){};  // The newest first: it alone may be going on.
  std::unique_ptr<exec::Pool> pool{};

  // Of the job that is going on: the first.
  JobTold told() {
    return {.progress =
                [this](std::string_view what, std::uint64_t done, std::uint64_t total) {
                  const MutexLock lock(mutex);
                  Job& job = jobs.front();
                  if (job.what != what) {
                    job.what = what;
                    job.rate = {};
                  }
                  job.done = done;
                  job.total = total;
                  job.wait.reset();
                  job.rate.tell(clock.now(), done);
                },
            .waits =
                [this](const Error& why, Duration pause) {
                  const MutexLock lock(mutex);
                  jobs.front().wait = Wait{why.message, clock.now() + pause};
                }};
  }

  void end(Result<json::object> result) {
    const MutexLock lock(mutex);
    Job& job = jobs.front();
    if (result) {
      job.state = RunState::kDone;
      job.model = *std::move(result);
    } else {
      job.state = job.stop.stop_requested() ? RunState::kStopped : RunState::kFailed;
      job.failure = std::move(result).error();
    }
  }
};

ModelJobs::ModelJobs(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ModelJobs>> ModelJobs::open(const Clock& clock, Rng& rng) {
  auto state = std::make_unique<State>(clock, rng);
  state->pool = DM_TRY(exec::Pool::open({.threads = 1, .queue_bound = 1}));
  return std::unique_ptr<ModelJobs>(new ModelJobs(std::move(state)));
}

ModelJobs::~ModelJobs() {
  std::stop_source going(std::nostopstate);
  {
    const MutexLock lock(state_->mutex);
    if (!state_->jobs.empty()) going = state_->jobs.front().stop;
  }
  going.request_stop();
  state_->pool.reset();  // Joins.
}

Result<json::object> ModelJobs::start(std::string kind, json::object asked, JobWork work) {
  State& my = *state_;
  const MutexLock lock(my.mutex);
  if (!my.jobs.empty() && my.jobs.front().state == RunState::kRunning) {
    return Error{Code::kConflict, "Another model is being made ready.", "Wait for it to end, or cancel it."};
  }
  Job job;
  job.id = new_id(my.clock, my.rng);
  job.kind = std::move(kind);
  job.asked = std::move(asked);
  // The lock is held until it is the first.
  DM_TRY(my.pool->try_submit(
      [&my, work = std::move(work), stop = job.stop.get_token()] { my.end(work(my.told(), stop)); }));
  my.jobs.remove_if([&](const Job& one) { return one.kind == job.kind && one.asked == job.asked; });
  my.jobs.push_front(std::move(job));
  if (my.jobs.size() > kKept) my.jobs.pop_back();
  return to_json(my.jobs.front(), my.clock.now());
}

json::array ModelJobs::all() const {
  const MutexLock lock(state_->mutex);
  json::array out;
  for (const Job& job : state_->jobs) out.push_back(to_json(job, state_->clock.now()));
  return out;
}

Result<json::object> ModelJobs::stop(std::string_view id) {
  std::stop_source going(std::nostopstate);
  json::object out;
  {
    const MutexLock lock(state_->mutex);
    const auto found = std::ranges::find(state_->jobs, id, [](const Job& job) { return std::string_view(job.id); });
    if (found == state_->jobs.end()) {
      return Error{Code::kNotFound, "there is no job " + std::string(id), "GET /api/models/jobs lists them."};
    }
    if (found->state != RunState::kRunning) return to_json(*found, state_->clock.now());
    going = found->stop;
    out = to_json(*found, state_->clock.now());
  }
  going.request_stop();  // Without the lock: what it calls may say something.
  out["stopping"] = true;
  return out;
}

}  // namespace docmind::server
