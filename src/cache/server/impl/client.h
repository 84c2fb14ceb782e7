// One connection of the cache server, on the server's thread.
//
//   bytes in -> whole requests, in order -> replies appended to output -> bytes out
//
// It stands still (waiting) while a change or a value of the file is under way for it, or while the client does not
// read; what it sends meanwhile stays in the socket.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cache/server/cache_server.h"
#include "cache/server/impl/replies.h"
#include "cache/server/impl/routes.h"

namespace docmind::cache {

class Client;

// Changes that a client waits for, and how each is to be answered.
struct WaitingChanges {
  std::shared_ptr<Client> client;
  std::vector<Change> changes{};
  std::vector<ReplyForm> forms{};  // Of one reply each; else all of them are answered together.
  std::vector<Change::Kind> kinds{};
  bool purge = false;
};

struct WaitingValues {
  std::shared_ptr<Client> client;
  std::vector<std::string> keys{};
  ReplyForm form{};
  bool together = false;
};

// What a client needs from its server.
class ClientOwner {
 public:
  virtual ~ClientOwner() = default;
  virtual const CacheServerOptions& options() const = 0;
  virtual const RouteOptions& routes() const = 0;
  virtual EntryFile& entries() = 0;
  virtual bool leaving() const = 0;   // No further request is begun.
  virtual TimePoint now() const = 0;  // As of this turn of the loop, at most a second old.
  virtual net::Response page(Page page) = 0;
  virtual bool hold(std::uint64_t bytes) = 0;
  virtual void release(std::uint64_t bytes) = 0;
  virtual void submit(WaitingChanges changes) = 0;
  virtual void submit(WaitingValues values) = 0;
  virtual void closed(const std::shared_ptr<Client>& client) = 0;
};

class Client : public std::enable_shared_from_this<Client> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  Client(Socket socket, ClientOwner& owner) : socket_(std::move(socket)), owner_(owner), since_(owner.now()) {}

  void start();
  // What it waited for. Goes on with what came meanwhile.
  void answer(std::string replies, bool keep_alive);
  void close();
  void close_if_idle();
  void check_time();  // Now and then: closes it when its time is over.

 private:
  enum class Phase : std::uint8_t { kIdle, kHead, kBody, kWaiting, kSending };

  void read();
  void on_readable();
  void serve();  // Every whole request there is.
  void drop_served();
  bool serve_one();  // Whether there may be another.
  bool take_body(const RequestHead& head);
  void refuse(int status, const Error& error);
  bool reply(const RequestHead& head, std::string_view body);
  bool change(AskChange ask, ReplyForm form);
  bool submit_changes();
  void value(std::string key, ReplyForm form);
  void send();
  void on_writable();
  void hold(std::uint64_t bytes);
  std::string_view unread() const { return std::string_view(input_).substr(consumed_); }

  Socket socket_;
  ClientOwner& owner_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::string output_;
  std::size_t sent_ = 0;
  std::string known_host_;
  WaitingChanges gathered_{};
  std::uint64_t held_ = 0;
  std::uint64_t body_ = 0;  // Of the request that is coming in.
  Phase phase_ = Phase::kIdle;
  bool waiting_ = false;  // For the file.
  bool reading_ = false;  // An operation is under way.
  bool writing_ = false;
  bool ending_ = false;  // To be closed once everything is sent.
  bool told_to_go_on_ = false;
  bool closed_ = false;
  TimePoint since_;  // When what it is doing began.
};

}  // namespace docmind::cache
