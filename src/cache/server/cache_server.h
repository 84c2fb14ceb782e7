// The cache server: an EntryFile over HTTP/1.1 for several processes. Routes: docs/cache-server.md.
//
// One thread owns all connections and answers what memory can answer on the spot; nothing is handed to another thread
// for it, which is what makes a small request cheap (net::Server gives every request to a pool, which suits questions
// that take a second). Changes that came in meanwhile go to the file together, in one commit, on a thread of their own;
// so do values that only the file has. A connection's requests are answered in order; changes that were pipelined are
// committed together.
// Bounds: connections, bytes of a head, of a body, of all bodies, of unsent replies; times for a head, a body, between
// requests and for a client that does not read. Thread safety: run() once, on any thread; the destructor after it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cache/entries/entry_file.h"
#include "net/origin.h"
#include "sys/fd.h"

namespace docmind::cache {

struct CacheServerOptions {
  net::HostRules hosts{};
  std::uint32_t connections = 1024;  // Open at once; more are closed with 503.
  std::uint32_t header_bytes = 16U << 10U;
  std::uint64_t max_value_bytes = 16U << 20U;
  std::uint64_t max_batch_bytes = 64U << 20U;
  std::uint64_t held_bytes = 256U << 20U;             // Of all requests that are not whole yet; more get 503.
  Duration head_timeout = std::chrono::seconds(10);   // For a whole head, from its first byte.
  Duration idle_timeout = std::chrono::seconds(300);  // Between two requests.
  Duration write_stall = std::chrono::seconds(30);    // Without a byte taken by the client.
  std::uint32_t body_rate = 1024;                     // Bytes a second, beyond the head's time.
  std::function<std::string(std::string_view question)> normalise{};  // For the agents' view; called on run()'s thread.
};

// Of an address of this machine, not a name. kConflict: the port is taken.
struct Listening {
  sys::Fd socket;
  std::uint16_t port = 0;
};
Result<Listening> listen_for_cache(const std::string& host, std::uint16_t port);

class CacheServer {
 public:
  // Serves what `listening` accepts; it may be shared with other processes.
  static Result<std::unique_ptr<CacheServer>> open(CacheServerOptions options, sys::Fd listening, EntryFile& entries,
                                                   const Clock& clock);
  ~CacheServer();

  // Until a stop is requested. Changes that were taken are committed and answered before it returns.
  void run(std::stop_token stop);

 private:
  class Loop;
  explicit CacheServer(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace docmind::cache
