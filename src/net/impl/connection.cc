// A connection is a small machine with one read and at most one write outstanding:
//
//   kHeader --header--> kBody --body--> kRunning --answered and sent--> kHeader ...
//      \__________________\__ refused ______\________________________--> kLinger --> kClosed
//
// The read goes on while a handler runs: it is how a vanished client is noticed, and what it brings (pipelined
// requests) waits in input_, up to a cap. The parser is fed by hand from input_, so no read ever has to be cancelled.
// kLinger sends the refusal, shuts down our half and drains the other for a moment, for closing with unread bytes
// would reset the connection and the client might never see the refusal.
#include "net/impl/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <exception>

#include "base/request_id.h"
#include "base/trace_context.h"
#include "net/impl/exchange.h"

namespace docmind::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadSize = 64U << 10U;
constexpr std::size_t kInputSlack = 64U << 10U;  // Beyond the header limit: pipelined bytes and chunk headers.
constexpr auto kFarewell = std::chrono::seconds(2);

struct Refusal {
  int status;
  Error error;
};

Refusal bad_request(std::string_view why) {
  return {400, {Code::kInvalidArgument, "the request is not valid HTTP/1.1: " + std::string(why), "Check the client."}};
}

Refusal refusal_of(const ErrorCode& error) {
  if (error == http::error::header_limit) {
    return {431, {Code::kResourceExhausted, "the request's header is too large", "Send fewer or shorter headers."}};
  }
  if (error == http::error::body_limit) {
    return {413, {Code::kResourceExhausted, "the request's body is too large", "Send it in smaller parts."}};
  }
  return bad_request(error.message());
}

// The other side's IP address; empty when it has gone already.
std::string address_of(const Socket& socket) {
  ErrorCode error;
  const Socket::endpoint_type peer = socket.remote_endpoint(error);
  asio::ip::tcp::endpoint out;
  if (error || peer.size() > out.capacity()) return {};
  std::copy_n(reinterpret_cast<const std::byte*>(peer.data()), peer.size(), reinterpret_cast<std::byte*>(out.data()));
  out.resize(peer.size());
  return out.address().to_string();
}

class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(Socket socket, std::optional<HostRules> rules, ConnectionOwner& owner)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        rules_(std::move(rules)),
        address_(rules_ ? address_of(socket_) : std::string()),
        owner_(owner),
        input_(owner.options().header_bytes + kInputSlack) {}

  void start() override {
    ErrorCode ignored;
    socket_.non_blocking(true, ignored);
    expect_header(owner_.options().header_timeout);
    read();
  }

  void close_if_idle() override {
    if (phase_ == Phase::kHeader && input_.size() == 0 && !header_started_) close();
  }

  void close() override {
    if (phase_ == Phase::kClosed) return;
    leave_request();
    phase_ = Phase::kClosed;
    disarm();
    ErrorCode ignored;
    socket_.close(ignored);
    owner_.closed(shared_from_this());
  }

 private:
  enum class Phase : std::uint8_t { kHeader, kBody, kRunning, kLinger, kClosed };
  using Parser = http::request_parser<http::string_body>;

  void expect_header(Duration patience) {
    phase_ = Phase::kHeader;
    header_started_ = false;
    if (input_.size() == 0) input_.shrink_to_fit();
    parser_ = std::make_unique<Parser>();
    parser_->header_limit(owner_.options().header_bytes);
    parser_->body_limit(boost::none);  // Set once the header says which route it is.
    arm(patience);
  }

  // Reading.

  // Waits first and reads then, in one go: no buffer lies with an idle connection, and none is moved under a read.
  void read() {
    if (reading_ || eof_ || phase_ == Phase::kClosed || input_.size() == input_.max_size()) return;
    reading_ = true;
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& error) {
      self->reading_ = false;
      if (!error && self->phase_ != Phase::kClosed) self->on_readable();
    });
  }

  void on_readable() {
    ErrorCode error;
    const std::size_t room = std::min(input_.max_size() - input_.size(), kReadSize);
    input_.commit(socket_.read_some(input_.prepare(room), error));
    if (error && error != asio::error::would_block) return on_end_of_input(error);
    if (phase_ == Phase::kLinger) input_.consume(input_.size());
    advance();
    read();
  }

  void on_end_of_input(const ErrorCode& error) {
    eof_ = true;
    if (error != asio::error::eof) return close();
    if (phase_ == Phase::kRunning) return exchange_->half_closed();
    if (phase_ == Phase::kLinger && writing_) return;  // The refusal is still on its way.
    close();
  }

  void advance() {
    while (phase_ == Phase::kHeader || phase_ == Phase::kBody) {
      if (input_.size() == 0) return;
      if (!header_started_) {
        header_started_ = true;
        arm(owner_.options().header_timeout);
      }
      ErrorCode error;
      const std::size_t used = parser_->put(input_.data(), error);
      input_.consume(used);
      if (error && error != http::error::need_more) return refuse(refusal_of(error));
      if (phase_ == Phase::kHeader) {
        if (!parser_->is_header_done()) return;
        on_header();
        continue;
      }
      on_body_progress();
      if (error && phase_ == Phase::kBody) {  // A part of a chunk header, kept until the rest arrives.
        if (input_.size() == input_.max_size()) refuse(bad_request("a chunk header is too long"));
        return;
      }
    }
  }

  // The request.

  void on_header() {
    const Parser::value_type& message = parser_->get();
    request_ = Request{.method = std::string(message.method_string()), .peer = rules_ ? Peer::kTcp : Peer::kUnixSocket};
    for (const auto& field : message) {
      request_.headers.add({field.name_string().data(), field.name_string().size()},
                           {field.value().data(), field.value().size()});
    }
    const std::string_view named = request_.headers.find(kRequestIdHeader).value_or("");
    id_ = is_request_id(named) ? std::string(named) : owner_.new_request_id();
    const bool twice = request_.headers.count(kTraceparentHeader) > 1;  // They contradict each other.
    const auto caller = read_traceparent(twice ? "" : request_.headers.find(kTraceparentHeader).value_or(""));
    trace_ = child_of(caller ? *caller : owner_.new_trace());
    if (std::optional<Refusal> refusal = protocol_refusal()) return refuse(*refusal);
    Result<Target> target = Target::parse({message.target().data(), message.target().size()});
    if (!target) return refuse({400, target.error()});
    request_.target = *std::move(target);
    if (rules_) {
      if (std::optional<Response> response = refuse_foreign(request_, *rules_)) return refuse(*std::move(response));
      request_.address = address_;
      const auto& may_refuse = owner_.options().refuse;
      if (std::optional<Response> response = may_refuse ? may_refuse(request_) : std::nullopt) {
        return refuse(*std::move(response));
      }
    }
    if (owner_.draining())
      return refuse({503, {Code::kUnavailable, "the server is stopping", "Try again in a moment."}});
    begin_body();
  }

  // What the parser lets through but two readers could understand differently.
  std::optional<Refusal> protocol_refusal() const {
    const Headers& headers = request_.headers;
    const bool old = parser_->get().version() < 11;
    if (headers.count("Host") != (old ? std::min<std::size_t>(headers.count("Host"), 1) : 1)) {
      return bad_request("it needs exactly one Host");
    }
    if (headers.count("Content-Length") > 1) return bad_request("it has two lengths");
    const std::optional<std::string_view> coding = headers.find("Transfer-Encoding");
    if (coding && headers.count("Content-Length") != 0) return bad_request("it has both a length and chunks");
    if (coding && (old || headers.count("Transfer-Encoding") > 1 || !same_name(*coding, "chunked"))) {
      return bad_request("its transfer coding is not known");
    }
    const std::optional<std::string_view> expect = headers.find("Expect");
    if (expect && !same_name(*expect, "100-continue")) {
      return Refusal{417,
                     {Code::kInvalidArgument, "the request expects what this server cannot do", "Leave Expect out."}};
    }
    return std::nullopt;
  }

  void begin_body() {
    const ServerOptions& options = owner_.options();
    const std::uint64_t cap = options.body_bytes ? options.body_bytes(request_) : 32U << 20U;
    const std::uint64_t declared = parser_->content_length().value_or(0);
    if (declared > cap) return refuse(refusal_of(http::error::body_limit));
    if (!hold(declared)) return;
    parser_->body_limit(cap);
    parser_->eager(true);
    phase_ = Phase::kBody;
    arm(options.body_grace);
    body_due_ = timer_.expiry();
    if (parser_->is_done()) return dispatch();
    if (request_.headers.count("Expect") != 0 && input_.size() == 0) send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  void on_body_progress() {
    const std::uint64_t size = parser_->get().body().size();
    if (size > held_ && !hold(size - held_)) return;
    if (parser_->is_done()) return dispatch();
    arm_at(body_due_ + std::chrono::milliseconds(size * 1000 / owner_.options().body_rate));
  }

  bool hold(std::uint64_t bytes) {
    if (!owner_.hold_body(bytes)) {
      refuse({503, {Code::kUnavailable, "the server holds too many uploads already", "Try again in a moment."}});
      return false;
    }
    held_ += bytes;
    return true;
  }

  void dispatch() {
    const ServerOptions& options = owner_.options();
    const bool http11 = parser_->get().version() >= 11;
    request_.body = std::move(parser_->get().body());
    const Exchange::Framing framing{.body = request_.method != "HEAD",
                                    .chunks = http11,
                                    .keep_alive = http11 && parser_->keep_alive() && !owner_.draining(),
                                    .bound = options.stream_bytes};
    exchange_ = std::make_shared<Exchange>(framing, [weak = weak_from_this(), where = socket_.get_executor()] {
      asio::post(where, [weak] {
        if (const auto self = weak.lock()) self->flush();
      });
    });
    phase_ = Phase::kRunning;
    disarm();
    owner_.request_started();
    const Lane lane = options.lane ? options.lane(request_) : Lane::kNormal;
    auto task = [exchange = exchange_, request = std::make_shared<Request>(std::move(request_)), id = id_,
                 trace = trace_, &handler = owner_.handler()] {
      const RequestScope scope(id);
      const TraceScope place(trace);
      answer(handler, *request, *exchange);
    };
    if (owner_.run(lane, std::move(task))) return;
    const RequestScope scope(id_);
    owner_.request_refused();
    (void)exchange_->send(error_response(
        429,
        {Code::kRateLimited, "the server is busy with as many requests as it may hold", "Try again in a moment."}));
  }

  // On a thread of the pool. The last net for what a handler lets slip.
  static void answer(const Handler& handler, const Request& request, Exchange& exchange) {
    if (!exchange.abandoned()) {
      try {
        handler(request, exchange);
      } catch (const std::bad_alloc&) {
        (void)exchange.send(error_response({Code::kResourceExhausted, "there is not enough memory for the request",
                                            "Send less at once, or free memory."}));
      } catch (const std::exception&) {
        (void)exchange.send(error_response({Code::kInternal, "the request failed inside the server", "See its log."}));
      }
    }
    exchange.handler_done();
  }

  // Writing.

  void send(std::string bytes) {
    output_ += bytes;
    write();
  }

  void flush() {
    if (phase_ != Phase::kRunning || writing_) return;
    output_ += exchange_->take();
    if (!output_.empty()) return write();
    if (exchange_->finished()) on_answered();
  }

  void write() {
    if (writing_) return;
    if (sent_ == sending_.size()) {
      sending_.clear();
      sending_.swap(output_);
      sent_ = 0;
    }
    if (sending_.empty()) return;
    writing_ = true;
    if (phase_ == Phase::kRunning) arm(owner_.options().write_stall);
    socket_.async_write_some(asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
                             [self = shared_from_this()](const ErrorCode& error, std::size_t size) {
                               self->writing_ = false;
                               self->on_written(error, size);
                             });
  }

  void on_written(const ErrorCode& error, std::size_t size) {
    if (phase_ == Phase::kClosed) return;
    if (error) return close();
    sent_ += size;
    if (sent_ < sending_.size() || !output_.empty()) return write();
    if (phase_ == Phase::kLinger) return shut_down();
    if (phase_ != Phase::kRunning) return;
    disarm();
    flush();
  }

  void on_answered() {
    const bool again = exchange_->keep_alive() && !eof_ && !owner_.draining();
    leave_request();
    if (!again) return linger();
    expect_header(owner_.options().idle_timeout);
    advance();
    read();
  }

  void leave_request() {
    owner_.release_body(std::exchange(held_, 0));
    if (!exchange_) return;
    exchange_->abandon();
    exchange_.reset();
    owner_.request_ended();
  }

  // Ending.

  void refuse(const Refusal& refusal) { refuse(error_response(refusal.status, refusal.error)); }

  void refuse(Response response) {
    const RequestScope scope(id_);
    owner_.request_refused();
    leave_request();
    phase_ = Phase::kLinger;
    input_.consume(input_.size());
    arm(owner_.options().write_stall);
    std::string bytes = head_text(response, false);
    bytes += "Content-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
    send(std::move(bytes));
    read();
  }

  void linger() {
    phase_ = Phase::kLinger;
    input_.consume(input_.size());
    shut_down();
    read();
  }

  void shut_down() {
    if (eof_) return close();
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    arm(kFarewell);
  }

  // Time.

  void arm(Duration patience) {
    timer_.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(patience));
    wait();
  }

  void arm_at(asio::steady_timer::time_point at) {
    timer_.expires_at(at);
    wait();
  }

  void wait() {
    timer_.async_wait([self = shared_from_this(), armed = ++armed_](const ErrorCode& error) {
      if (!error && armed == self->armed_) self->on_timeout();
    });
  }

  void disarm() {
    ++armed_;
    timer_.cancel();
  }

  void on_timeout() {
    if ((phase_ == Phase::kHeader && header_started_) || phase_ == Phase::kBody) {
      return refuse({408, {Code::kDeadlineExceeded, "the request took too long to arrive", "Send it faster."}});
    }
    close();
  }

  Socket socket_;
  asio::steady_timer timer_;
  const std::optional<HostRules> rules_;
  const std::string address_;  // Of a TCP peer.
  ConnectionOwner& owner_;

  Phase phase_ = Phase::kHeader;
  beast::flat_buffer input_;
  std::unique_ptr<Parser> parser_;
  Request request_;
  std::string id_;                      // Of the request (base/request_id.h),
  TraceContext trace_;                  // and its place in a trace (base/trace_context.h).
  std::shared_ptr<Exchange> exchange_;  // Shared with the handler's thread.
  std::string output_;                  // To be sent.
  std::string sending_;                 // Being sent: sent_ bytes of it have gone.
  std::size_t sent_ = 0;
  std::uint64_t held_ = 0;  // Body bytes counted against the server's cap.
  asio::steady_timer::time_point body_due_{};
  std::uint64_t armed_ = 0;  // Which arming of the timer counts.
  bool header_started_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool eof_ = false;
};

}  // namespace

std::shared_ptr<Connection> Connection::make(Socket socket, std::optional<HostRules> rules, ConnectionOwner& owner) {
  return std::make_shared<HttpConnection>(std::move(socket), std::move(rules), owner);
}

}  // namespace docmind::net
