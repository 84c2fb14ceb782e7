#include "cache/server/impl/client.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <utility>

namespace docmind::cache {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadSize = 16U << 10U;
constexpr std::size_t kMostUnsent = 1U << 20U;
constexpr std::size_t kMostGathered = 256;             // Changes of one connection in one commit.
constexpr std::size_t kMostGatheredBytes = 4U << 20U;  // And their values.
constexpr std::size_t kKeptBuffer = 64U << 10U;        // A connection that once had a large request gives it back.

}  // namespace

void Client::start() {
  ErrorCode ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  on_readable();  // Whoever connects has mostly sent something already.
}

void Client::read() {
  if (reading_ || closed_ || waiting_ || writing_ || ending_) return;
  reading_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    self->reading_ = false;
    if (error || self->closed_) return self->close();
    self->on_readable();
  });
}

void Client::on_readable() {
  const std::size_t had = input_.size();
  // A body of a known length is read in large pieces.
  const std::size_t missing = body_ > unread().size() ? static_cast<std::size_t>(body_ - unread().size()) : 0;
  const std::size_t room = std::max(kReadSize, std::min<std::size_t>(missing, 1U << 20U));
  input_.resize(had + room);
  ErrorCode error;
  const std::size_t got = socket_.read_some(asio::buffer(input_.data() + had, room), error);
  input_.resize(had + got);
  if (error && error != asio::error::would_block) return close();
  if (phase_ == Phase::kIdle && got > 0) {
    phase_ = Phase::kHead;
    since_ = owner_.now();
  }
  serve();
}

void Client::serve() {
  bool full = false;
  do {
    while (!closed_ && !waiting_ && !ending_ && !owner_.leaving() && output_.size() - sent_ < kMostUnsent &&
           serve_one()) {
    }
    if (closed_) return;
    full = output_.size() - sent_ >= kMostUnsent;  // Then requests may be left that nothing else would wake it for.
    drop_served();
    send();
  } while (full && !closed_ && !writing_ && !waiting_ && !ending_);
  if (!closed_) read();
}

void Client::drop_served() {
  if (consumed_ == input_.size()) {
    input_.clear();
    consumed_ = 0;
    if (input_.capacity() > kKeptBuffer) input_.shrink_to_fit();
  } else if (consumed_ > kReadSize) {
    input_.erase(0, std::exchange(consumed_, 0));
  }
  if (phase_ != Phase::kBody) hold(input_.size() > kReadSize ? input_.size() : 0);
}

bool Client::serve_one() {
  const HeadRead got = unread().empty() ? HeadRead{} : read_head(unread(), owner_.options().header_bytes);
  if (got.refused) {
    if (!gathered_.changes.empty()) return submit_changes();  // They came before it.
    refuse(got.refused->status, got.refused->error);
    return false;
  }
  if (!got.head) {
    body_ = 0;
    phase_ = unread().empty() ? Phase::kIdle : Phase::kHead;
    return submit_changes();
  }
  const RequestHead& head = *got.head;
  if (!take_body(head)) return false;
  const std::string_view body = unread().substr(head.size, static_cast<std::size_t>(head.body));
  since_ = owner_.now();
  told_to_go_on_ = false;
  body_ = 0;
  return reply(head, body);
}

// Whether the request is whole. What is too large is refused before it comes.
bool Client::take_body(const RequestHead& head) {
  if (unread().size() - head.size >= head.body && head.body == 0) return true;
  if (unread().size() < head.size + head.body && !gathered_.changes.empty()) return submit_changes();
  if (head.body > body_limit(head.target, owner_.routes())) {
    if (!gathered_.changes.empty()) return submit_changes();
    refuse(413, {Code::kResourceExhausted, "the request's body is too large", "Send less at once."});
    return false;
  }
  if (unread().size() >= head.size + head.body) return true;
  if (phase_ != Phase::kBody) {
    phase_ = Phase::kBody;
    body_ = head.size + head.body;
  }
  hold(body_);
  if (closed_ || ending_) return false;
  if (head.expects_continue && !std::exchange(told_to_go_on_, true)) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
  return false;
}

void Client::hold(std::uint64_t bytes) {
  if (bytes > held_ && !owner_.hold(bytes - held_)) {
    return refuse(503, {Code::kUnavailable, "the server holds as many requests as it may", "Try again in a moment."});
  }
  if (bytes < held_) owner_.release(held_ - bytes);
  held_ = bytes;
}

// A refusal ends the connection: where the next request begins is not certain any more.
void Client::refuse(int status, const Error& error) {
  append(output_, net::error_response(status, error), {.keep_alive = false});
  ending_ = true;
}

bool Client::reply(const RequestHead& head, std::string_view body) {
  const ReplyForm form{.head_only = head.method == "HEAD", .keep_alive = head.keep_alive};
  Asked asked;
  if (auto refusal = refuse_foreign(head, owner_.options().hosts, known_host_)) {
    asked = AskReply{*std::move(refusal)};
  } else {
    asked = route(head, body, owner_.routes());
  }
  if (auto* one = std::get_if<AskChange>(&asked)) {
    consumed_ += head.size + static_cast<std::size_t>(head.body);
    return change(std::move(*one), form);
  }
  if (!gathered_.changes.empty()) {  // Answered in order: this request is read again after them.
    return submit_changes();
  }
  consumed_ += head.size + static_cast<std::size_t>(head.body);
  if (!form.keep_alive) ending_ = true;
  if (auto* ask = std::get_if<AskValue>(&asked)) {
    value(std::move(ask->key), form);
  } else if (auto* page = std::get_if<AskPage>(&asked)) {
    append(output_, owner_.page(page->page), form);
  } else if (auto* known = std::get_if<AskReply>(&asked)) {
    append(output_, known->response, form);
  } else if (auto* values = std::get_if<AskValues>(&asked)) {
    waiting_ = true;
    phase_ = Phase::kWaiting;
    owner_.submit(WaitingValues{shared_from_this(), std::move(values->keys), form, true});
  } else if (auto* together = std::get_if<AskChanges>(&asked)) {
    waiting_ = true;
    phase_ = Phase::kWaiting;
    WaitingChanges waiting{.client = shared_from_this(), .changes = std::move(together->changes)};
    waiting.purge = together->purge;
    waiting.forms.push_back(form);
    owner_.submit(std::move(waiting));
  }
  return !ending_ && !waiting_;
}

bool Client::change(AskChange ask, ReplyForm form) {
  gathered_.kinds.push_back(ask.change.kind);
  gathered_.forms.push_back(form);
  gathered_.changes.push_back(std::move(ask.change));
  std::size_t bytes = 0;
  for (const Change& one : gathered_.changes) bytes += one.put.value.size();
  if (!form.keep_alive) ending_ = true;
  const bool enough = gathered_.changes.size() >= kMostGathered || bytes > kMostGatheredBytes || ending_;
  return enough ? submit_changes() : true;
}

// What was gathered goes to the file. True: there was nothing, but that is no reason to go on without more bytes.
bool Client::submit_changes() {
  if (gathered_.changes.empty()) return false;
  waiting_ = true;
  phase_ = Phase::kWaiting;
  WaitingChanges changes = std::exchange(gathered_, {});
  changes.client = shared_from_this();
  owner_.submit(std::move(changes));
  return false;
}

void Client::value(std::string key, ReplyForm form) {
  const EntryFile::Glance glance = owner_.entries().glance(key);
  switch (glance.kind) {
    case EntryFile::Glance::Kind::kHit:
      return append_value(output_, *glance.value, form);
    case EntryFile::Glance::Kind::kMiss:
      return append_miss(output_, form);
    case EntryFile::Glance::Kind::kAskDisk:
      break;
  }
  waiting_ = true;
  phase_ = Phase::kWaiting;
  WaitingValues values{.client = shared_from_this(), .form = form};
  values.keys.push_back(std::move(key));
  owner_.submit(std::move(values));
}

void Client::answer(std::string replies, bool keep_alive) {
  waiting_ = false;
  if (closed_) return;
  since_ = owner_.now();
  phase_ = unread().empty() ? Phase::kIdle : Phase::kHead;
  if (output_.empty()) {
    output_ = std::move(replies);
  } else {
    output_ += replies;
  }
  ending_ = ending_ || !keep_alive;
  serve();
}

void Client::send() {
  if (writing_ || closed_) return;
  while (sent_ < output_.size()) {
    ErrorCode error;
    sent_ += socket_.write_some(asio::buffer(output_.data() + sent_, output_.size() - sent_), error);
    if (error == asio::error::would_block) return on_writable();
    if (error) return close();
  }
  output_.clear();
  sent_ = 0;
  if (output_.capacity() > kKeptBuffer) output_.shrink_to_fit();
  if (!ending_ || waiting_) return;
  // Closing with unread bytes would reset the connection, and the client might never see why.
  ErrorCode ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  std::string unwanted(kReadSize, '\0');
  while (socket_.read_some(asio::buffer(unwanted), ignored) > 0 && !ignored) {
  }
  close();
}

void Client::on_writable() {
  writing_ = true;
  if (phase_ != Phase::kWaiting) phase_ = Phase::kSending;
  since_ = owner_.now();
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const ErrorCode& error) {
    self->writing_ = false;
    if (error || self->closed_) return self->close();
    if (self->phase_ == Phase::kSending) self->phase_ = self->unread().empty() ? Phase::kIdle : Phase::kHead;
    self->send();
    if (!self->closed_ && !self->writing_ && !self->waiting_) self->serve();
  });
}

void Client::close() {
  if (std::exchange(closed_, true)) return;
  owner_.release(held_);
  held_ = 0;
  ErrorCode ignored;
  socket_.close(ignored);
  owner_.closed(shared_from_this());
}

void Client::close_if_idle() {
  if (phase_ == Phase::kIdle && output_.empty()) close();
}

void Client::check_time() {
  const CacheServerOptions& options = owner_.options();
  Duration most = options.idle_timeout;
  if (phase_ == Phase::kWaiting) return;
  if (phase_ == Phase::kHead) most = options.head_timeout;
  if (phase_ == Phase::kBody) most = options.head_timeout + std::chrono::seconds(body_ / options.body_rate);
  if (phase_ == Phase::kSending) most = options.write_stall;
  if (owner_.now() - since_ >= most) close();
}

}  // namespace docmind::cache
