// Has documents read by the chat model before anybody asks about them, one after the other, while nobody asks anything.
//
// A question interrupts the reading, which goes on from the same document when the last one has its answer; the engine
// keeps what it had computed. Thread safety: any method from any thread; destroyed when nobody asks any more.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/thread_annotations.h"

namespace docmind::service {

class IdleReading {
 public:
  // Reads one document. An error other than the stop it was given ends this document; whoever reads tells of it.
  using Read = std::function<Result<>(const std::string& document_id, std::stop_token stop)>;

  explicit IdleReading(Read read);
  ~IdleReading();  // Interrupts.
  IdleReading(const IdleReading&) = delete;
  IdleReading& operator=(const IdleReading&) = delete;

  // To be read when there is time; a version that was added before is not read again.
  void add(const std::string& document_id, const std::string& version);

  // While one of these lives nothing is read.
  class Question {
   public:
    explicit Question(IdleReading* reading);  // Null: nobody reads.
    ~Question();
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;

   private:
    IdleReading* reading_;
  };

 private:
  void work(const std::stop_token& end);

  const Read read_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_ DM_GUARDED_BY(mutex_);  // The first is being read, or is next.
  std::set<std::string> versions_ DM_GUARDED_BY(mutex_);   // Added ever.
  int questions_ DM_GUARDED_BY(mutex_) = 0;
  std::stop_source interrupt_ DM_GUARDED_BY(mutex_);  // Of the document being read.
  std::jthread thread_;                               // Last: it works on all of them.
};

}  // namespace docmind::service
