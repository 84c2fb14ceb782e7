// One request's answer on its way from the handler's thread to the io thread: framing, back-pressure, and who has gone.
//
// Thread safety: the ResponseWriter half and handler_done() belong to the handler's thread, the rest to the io thread;
// both may act at once. Invariant: what take() hands out, in order, is one well-formed HTTP/1.1 response, or a prefix
// of one that ends with the connection.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/thread_annotations.h"
#include "net/server.h"

namespace docmind::net {

// Status line and header fields, blank line included. Control characters in values become spaces, so that nothing a
// document or a model wrote can start a header of its own.
std::string head_text(const Response& response, bool keep_alive);

class Exchange final : public ResponseWriter {
 public:
  struct Framing {
    bool body = true;         // False for HEAD.
    bool chunks = true;       // False for HTTP/1.0: a stream ends with the connection.
    bool keep_alive = true;   // What the client wishes.
    std::uint64_t bound = 0;  // Unsent bytes of a stream before write() waits.
  };

  // wake: called on the handler's thread when there is something for take(); must only post.
  Exchange(Framing framing, std::function<void()> wake) : framing_(framing), wake_(std::move(wake)) {}

  Result<> send(Response response) override;
  Result<> begin(Response head) override;
  Result<> write(std::string_view bytes) override;
  Result<> end() override;
  std::stop_token stop() const override { return stop_.get_token(); }

  // The handler has returned: closes what it left open.
  void handler_done();

  // Moves out what is ready to be sent.
  std::string take();
  // Nothing more will come, and take() has handed out everything.
  bool finished() const;
  // Whether the connection may carry another request afterwards.
  bool keep_alive() const;
  // The client will send nothing more, and most that do so have gone: fires the token, but an answer still goes out.
  void half_closed() { stop_.request_stop(); }
  // The client has gone or the server stops: fires the token, and every further write fails.
  void abandon();
  bool abandoned() const;

 private:
  enum class Phase : std::uint8_t { kNew, kStreaming, kDone };

  Result<> append(std::string bytes, Phase then);
  std::string chunk(std::string_view bytes) const;

  const Framing framing_;
  const std::function<void()> wake_;
  std::stop_source stop_;
  mutable Mutex mutex_;
  std::condition_variable_any drained_;
  std::string pending_ DM_GUARDED_BY(mutex_);
  Phase phase_ DM_GUARDED_BY(mutex_) = Phase::kNew;
  bool gone_ DM_GUARDED_BY(mutex_) = false;
  bool cut_ DM_GUARDED_BY(mutex_) = false;  // The stream broke off, or only the connection's end can end it.
};

}  // namespace docmind::net
