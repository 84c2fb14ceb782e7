#include "store/impl/writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace docmind::store {
namespace {

// A Deadline's clock may be a test's, which wakes nobody: look again this often.
constexpr auto kLook = std::chrono::milliseconds(10);

}  // namespace

Writer::Writer(const DatabaseOptions& options, std::unique_ptr<Connection> connection)
    : options_(options), connection_(std::move(connection)), thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_.notify_all();
  thread_.join();
}

Result<> Writer::submit(Work work, Deadline deadline, std::stop_token stop, Commit commit) {
  DM_TRY(check_time(deadline, stop));
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->deadline = deadline;
  job->stop = stop;
  job->commit = commit;
  std::unique_lock lock(mutex_);
  if (failure_) return *failure_;
  if (queue_.size() >= options_.queue) {
    return Error{Code::kResourceExhausted, "Too many changes are waiting to be stored.", "Try again in a moment."};
  }
  queue_.push_back(job);
  lock.unlock();  // So that it can go on when it wakes.
  work_.notify_one();
  lock.lock();
  while (job->stage != Stage::kAnswered) {
    answered_.wait_for(lock, kLook);
    if (job->stage != Stage::kWaiting) continue;  // Begun: the commit decides, whatever the time.
    if (Result<> time = check_time(deadline, stop); !time) {
      std::erase(queue_, job);
      return time;
    }
  }
  return job->answer;
}

void Writer::reader_left() {
  std::lock_guard lock(mutex_);
  if (!scrub_waits_) return;
  reader_left_ = true;
  work_.notify_one();
}

std::optional<Error> Writer::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

std::uint64_t Writer::commits() const {
  std::lock_guard lock(mutex_);
  return commits_;
}

void Writer::run() {
  while (auto group = next_group()) {
    if (!group->empty()) commit_group(*group);
    tidy_log();
  }
  scrub_wanted_ = true;
  tidy_log();
}

// Jobs to commit together; none when only the log wants care; nothing when it is time to end.
std::optional<Writer::Group> Writer::next_group() {
  std::unique_lock lock(mutex_);
  work_.wait(lock, [&] { return closing_ || !queue_.empty() || (scrub_waits_ && reader_left_); });
  if (queue_.empty() && closing_) return std::nullopt;
  reader_left_ = false;
  Group group;
  while (!queue_.empty() && group.size() < options_.group) {
    const bool alone = queue_.front()->commit == Commit::kAlone;
    if (alone && !group.empty()) break;
    queue_.front()->stage = Stage::kRunning;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  return group;
}

void Writer::commit_group(Group& group) {
  std::vector<std::function<void()>> committed;
  bool stored = false;
  Result<> outcome = [&]() -> Result<> {
    if (auto failed = failure()) return *failed;
    DM_TRY(connection_->script("BEGIN IMMEDIATE"));
    DM_TRY(run_jobs(group, committed));
    stored = std::ranges::any_of(group, [](const auto& job) { return static_cast<bool>(job->answer); });
    return connection_->script(stored ? "COMMIT" : "ROLLBACK");
  }();
  if (!outcome && connection_->in_transaction()) {
    // The first error is the one to report; a rollback that fails as well shows as a disk failure below.
    (void)connection_->script("ROLLBACK");
  }
  if (connection_->disk_failed()) note_disk_failure();
  if (outcome && stored) after_commit(committed);
  answer(group, outcome);
}

void Writer::after_commit(const std::vector<std::function<void()>>& committed) {
  std::uint64_t commits = 0;
  {
    std::lock_guard lock(mutex_);
    commits = ++commits_;
  }
  if (options_.after_commit) options_.after_commit(commits);
  for (const auto& call : committed) call();
  if (scrub_wanted_) tidy_log();
}

Result<> Writer::run_jobs(Group& group, std::vector<std::function<void()>>& committed) {
  if (group.size() == 1) {  // Failing alone undoes the whole transaction: no need of a savepoint.
    group.front()->answer = run_job(*group.front(), committed);
    return group.front()->answer;
  }
  for (auto& job : group) {
    DM_TRY(connection_->script("SAVEPOINT job"));
    job->answer = run_job(*job, committed);
    if (connection_->disk_failed()) return job->answer ? Error{Code::kDataLoss, "The disk failed.", ""} : job->answer;
    // A full disk can make SQLite undo the whole transaction, and with it what the jobs before have done.
    if (!connection_->in_transaction())
      return job->answer ? Error{Code::kInternal, "No transaction.", ""} : job->answer;
    if (!job->answer) DM_TRY(connection_->script("ROLLBACK TO job"));
    DM_TRY(connection_->script("RELEASE job"));
  }
  return {};
}

Result<> Writer::run_job(Job& job, std::vector<std::function<void()>>& committed) {
  Transaction transaction(*connection_, job.deadline, job.stop);
  DM_TRY(job.work(transaction));
  std::move(transaction.committed_.begin(), transaction.committed_.end(), std::back_inserter(committed));
  scrub_wanted_ = scrub_wanted_ || transaction.scrub_;
  return {};
}

// Whoever failed alone hears its own error, all others hear what became of the commit.
void Writer::answer(const Group& group, const Result<>& outcome) {
  {
    std::lock_guard lock(mutex_);
    for (const auto& job : group) {
      if (job->answer && !outcome) job->answer = outcome;
      job->stage = Stage::kAnswered;
    }
  }
  answered_.notify_all();
}

void Writer::tidy_log() {
  if (failure()) return;
  if (scrub_wanted_) {
    Result<bool> emptied = connection_->checkpoint(Connection::Checkpoint::kTruncate);
    scrub_wanted_ = !(emptied && *emptied);
    std::lock_guard lock(mutex_);
    scrub_waits_ = scrub_wanted_;
  } else if (connection_->log_bytes() >= options_.wal_bytes) {
    // A full checkpoint lets the next write start the log again from its beginning. When readers have kept it from
    // that until it is four times too long, only cutting it helps.
    const bool far_too_long = connection_->log_bytes() >= tidied_at_ + 4 * options_.wal_bytes;
    if (far_too_long) tidied_at_ = connection_->log_bytes();
    (void)connection_->checkpoint(far_too_long ? Connection::Checkpoint::kTruncate : Connection::Checkpoint::kPassive);
    if (connection_->log_bytes() == 0) tidied_at_ = 0;
  }
  if (connection_->disk_failed()) note_disk_failure();
}

void Writer::note_disk_failure() {
  connection_->keep_log();
  std::lock_guard lock(mutex_);
  if (failure_) return;
  failure_ = Error{Code::kDataLoss, "Nothing can be stored any more: the disk of " + options_.path + " has failed.",
                   "Check the disk, then start DocMind again; what was acknowledged before is stored."};
}

}  // namespace docmind::store
