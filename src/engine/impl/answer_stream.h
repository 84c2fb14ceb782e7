// The events of a streamed answer, from several threads, over one response.
//
// The response begins with the first event, so that what fails before it is a plain HTTP error. Afterwards an error is
// an event, and the stream ends without [DONE].
#pragma once
#include <mutex>
#include <string>
#include <string_view>

#include "engine/out_of_memory.h"
#include "net/server.h"

namespace docmind::engine {

class AnswerStream {
 public:
  explicit AnswerStream(net::ResponseWriter& writer) : writer_(writer) {}

  // False when the client has gone; nothing is written from then on.
  bool event(std::string_view data) {
    const std::lock_guard lock(mutex_);
    if (gone_) return false;
    if (!begun_) {
      begun_ = true;
      net::Response head;
      head.headers.set("Content-Type", "text/event-stream");
      head.headers.set("Cache-Control", "no-store");
      gone_ = !writer_.begin(std::move(head));
    }
    gone_ = gone_ || !writer_.write("data: " + std::string(data) + "\n\n");
    return !gone_;
  }

  void done() {
    if (event("[DONE]")) end();
  }

  // A failure, as whatever can still be sent.
  void fail(const Error& error) {
    const bool begun = [&] {
      const std::lock_guard lock(mutex_);
      return begun_;
    }();
    if (!begun) {
      (void)static_cast<bool>(writer_.send(error_reply(error)));  // A client that has gone misses nothing.
    } else if (event(error_event(error))) {
      end();
    }
  }

 private:
  void end() { (void)static_cast<bool>(writer_.end()); }

  net::ResponseWriter& writer_;
  std::mutex mutex_;
  bool begun_ = false;
  bool gone_ = false;
};

}  // namespace docmind::engine
