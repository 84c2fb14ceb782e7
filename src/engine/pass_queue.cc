#include "engine/pass_queue.h"

#include <algorithm>
#include <new>
#include <optional>

#include "engine/memory_plan.h"
#include "engine/out_of_memory.h"
#include "exec/wait.h"

namespace docmind::engine {

// Guarded by the queue's mutex.
struct PassQueue::Job {
  std::shared_ptr<PassWork> work;
  Line line = Line::kLong;
  std::size_t next = 0;  // The sequence that nobody has taken.
  std::size_t open = 0;  // Sequences not yet computed.
  bool finished = false;
  std::optional<Error> error{};

  bool taken() const { return next == work->sequences(); }
};

struct PassQueue::Slot {
  std::shared_ptr<Job> job;
  std::size_t sequence = 0;
  std::vector<TokenId> tokens;
};

PassQueue::PassQueue(Contexts contexts, std::size_t max_works, ForShort for_short)
    : contexts_(std::move(contexts)), for_short_(std::move(for_short)), max_works_(max_works) {
  DM_CHECK(!contexts_.empty());
  const auto start = [this](EncoderContext& context, Line line, std::size_t index) {
    owners_.emplace_back(
        [this, &context, line, index](const std::stop_token& stop) { own(context, line, index, stop); });
  };
  for (std::size_t i = 0; i < contexts_.size(); ++i) start(*contexts_[i], Line::kLong, i);
  if (for_short_.context) start(*for_short_.context, Line::kShort, 0);
}

PassQueue::~PassQueue() = default;  // Each owner thread is stopped and joined by its jthread.

Result<> PassQueue::run(std::shared_ptr<PassWork> work, Deadline deadline, std::stop_token stop) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->open = job->work->sequences();
  if (job->open == 0) return {};
  if (is_short(*job->work)) job->line = Line::kShort;
  MutexLock lock(mutex_);
  if (inside_ >= max_works_) {
    return Error{Code::kResourceExhausted, "Too many requests wait for the model.", "Try again in a moment."};
  }
  ++inside_;
  waiting(job->line).push_back(job);
  if (job->line == Line::kShort) {
    short_came_.notify_one();  // The others would want a processor only to see that nothing is there for them.
  } else {
    changed_.notify_all();
  }
  const exec::Waited waited = exec::wait_until(changed_, lock, deadline, stop, [&] { return job->finished; });
  --inside_;
  if (waited != exec::Waited::kReady) {
    job->finished = true;
    std::erase(waiting(job->line), job);
    return exec::error_of(waited, "computing took too long");
  }
  if (auto& error = job->error) return *std::move(error);
  return {};
}

void PassQueue::use_threads(std::uint32_t count) {
  const MutexLock lock(mutex_);
  threads_ = std::max(1U, count);
  changed_.notify_all();
}

// Of a context for long works; all have as many.
std::uint32_t PassQueue::threads_of_one() const { return contexts_.front()->threads(); }

bool PassQueue::is_short(const PassWork& work) const {
  return for_short_.context && work.sequences() == 1 && work.sequence(0).size() <= for_short_.context->max_tokens();
}

std::uint32_t PassQueue::spare_processors() const {
  constexpr int kReadings = 10;  // Some 100 µs. The threads that brought the work may be on their way to sleep.
  std::size_t most = 0;
  for (int i = 0; most == 0 && i < kReadings; ++i) most = for_short_.free_processors();
  return static_cast<std::uint32_t>(most);
}

void PassQueue::own(EncoderContext& context, Line line, std::size_t index, const std::stop_token& stop) {
  while (true) {
    std::shared_ptr<Job> job;
    try {
      std::vector<Slot> pass;
      std::uint32_t threads = 1;
      {
        MutexLock lock(mutex_);
        const auto some = [this, line, index]() DM_REQUIRES(mutex_) {
          return !waiting(line).empty() && (index == 0 || (index + 1) * threads_of_one() <= threads_);
        };
        auto& came = line == Line::kShort ? short_came_ : changed_;
        const exec::Waited waited = exec::wait_until(came, lock, Deadline::never(), stop, some);
        if (waited != exec::Waited::kReady || stop.stop_requested()) return;
        threads = threads_;
        job = waiting(line).front();
        pass = next_pass(waiting(line));
      }
      context.use_threads(line == Line::kShort ? std::min(threads, 1 + spare_processors()) : threads);
      compute(context, pass);
    } catch (const std::bad_alloc&) {  // Of the standard library, from anywhere below.
      const MutexLock lock(mutex_);
      fail(job, out_of_memory());
    }
  }
}

void PassQueue::fail(const std::shared_ptr<Job>& job, const Error& error) {
  if (!job->finished) job->error = error;
  job->finished = true;
  std::erase(waiting(job->line), job);
  changed_.notify_all();
}

std::vector<PassQueue::Slot> PassQueue::next_pass(Jobs& jobs) {
  std::vector<Slot> pass;
  std::size_t used = 0;
  const std::shared_ptr<Job> job = std::move(jobs.front());
  jobs.pop_front();
  while (!job->taken() && pass.size() < EncoderContext::kMaxSequences) {
    std::vector<TokenId> tokens = job->work->sequence(job->next);
    if (!pass.empty() && used + tokens.size() > EncoderContext::kSharedPass) break;
    used += tokens.size();
    pass.push_back({job, job->next++, std::move(tokens)});
  }
  if (!job->taken()) jobs.push_back(job);
  return pass;
}

void PassQueue::compute(EncoderContext& context, const std::vector<Slot>& pass) {
  std::vector<std::vector<TokenId>> sequences;
  for (const Slot& slot : pass) sequences.push_back(slot.tokens);
  const Result<std::span<const float>> rows = context.encode(sequences);

  const MutexLock lock(mutex_);
  std::size_t at = 0;
  for (const Slot& slot : pass) {
    Job& job = *slot.job;
    const std::size_t size = context.row_floats(slot.tokens.size());
    if (!job.finished && rows) {
      job.work->add(slot.sequence, rows->subspan(at, size));
      job.finished = --job.open == 0;
    } else if (!job.finished) {
      job.error = rows.error();
      job.finished = true;
      std::erase(waiting(job.line), slot.job);
    }
    at += size;
  }
  changed_.notify_all();
}

Result<PassQueue::Contexts> open_contexts(const Encoder& encoder, std::uint32_t threads) {
  const std::uint32_t count = encoder_contexts(encoder.facts().vocabulary, encoder.facts().window, threads);
  PassQueue::Contexts contexts;
  for (std::uint32_t i = 0; i < count; ++i) {
    contexts.push_back(DM_TRY(EncoderContext::open(encoder, std::max(1U, threads / count))));
  }
  return contexts;
}

}  // namespace docmind::engine
