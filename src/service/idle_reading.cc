#include "service/idle_reading.h"

#include <utility>

namespace docmind::service {

IdleReading::IdleReading(Read read)
    : read_(std::move(read)), thread_([this](const std::stop_token& end) { work(end); }) {}

IdleReading::~IdleReading() {
  thread_.request_stop();
  const MutexLock lock(mutex_);
  interrupt_.request_stop();
}

void IdleReading::add(const std::string& document_id, const std::string& version) {
  const MutexLock lock(mutex_);
  if (!versions_.insert(version).second) return;
  waiting_.push_back(document_id);
  changed_.notify_all();
}

void IdleReading::work(const std::stop_token& end) {
  for (;;) {
    std::string id;
    std::stop_token interrupt;
    {
      MutexLock lock(mutex_);
      changed_.wait(lock, end, [this]() DM_REQUIRES(mutex_) { return !waiting_.empty() && questions_ == 0; });
      if (end.stop_requested()) return;
      id = waiting_.front();
      interrupt_ = {};
      interrupt = interrupt_.get_token();
    }
    const Result<> done = read_(id, interrupt);
    const MutexLock lock(mutex_);
    if (done || !interrupt.stop_requested()) waiting_.pop_front();
  }
}

IdleReading::Question::Question(IdleReading* reading) : reading_(reading) {
  if (reading_ == nullptr) return;
  const MutexLock lock(reading_->mutex_);
  ++reading_->questions_;
  reading_->interrupt_.request_stop();
}

IdleReading::Question::~Question() {
  if (reading_ == nullptr) return;
  const MutexLock lock(reading_->mutex_);
  --reading_->questions_;
  reading_->changed_.notify_all();
}

}  // namespace docmind::service
