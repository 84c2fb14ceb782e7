#include "cache/redis/redis_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <utility>

#include "base/thread_annotations.h"
#include "cache/entries/limits.h"
#include "cache/entries/row.h"
#include "cache/redis/impl/connection.h"
#include "cache/redis/impl/scripts.h"
#include "cache/redis/impl/server_report.h"
#include "exec/wait.h"
#include "net/resolver.h"

namespace docmind::cache {
namespace {

namespace asio = boost::asio;
using Words = std::vector<std::string_view>;

constexpr std::uint64_t kReplyBeside = 1U << 20U;  // Bytes of an answer beside the value.
constexpr std::size_t kSealBytes = 1 + 8 + sizeof(Sum);
// In one round trip: other machines wait for it. Less than what an answer may have beside a value.
constexpr std::size_t kKeysTogether = 128;
constexpr std::uint64_t kReadTogether = kReplyBeside / 2;

// ---- a value as it lies there: form, size, checksum over all but itself, bytes ----

RowHead head_of(std::string_view key, std::string_view tags, RowForm form, std::uint64_t size, std::uint64_t bytes) {
  return {.key = std::string(key), .tags = std::string(tags), .form = form, .size = size, .bytes = bytes};
}

std::string seal(std::string_view key, std::string_view tags, std::string_view value, std::uint64_t compress_from) {
  const Packed packed = pack(value, compress_from);
  const std::string_view stored = packed.form == RowForm::kPlain ? value : packed.bytes;
  const RowHead head = head_of(key, tags, packed.form, value.size(), stored.size());
  const Sum sum = value_sum(stored, head_sum(head));
  const std::uint64_t size = value.size();
  std::string out(1, static_cast<char>(packed.form));
  out.append(reinterpret_cast<const char*>(&size), 8);
  out.append(sum.data(), sum.size());
  out += stored;
  return out;
}

Result<std::string> unseal(std::string_view key, std::string_view tags, std::string_view sealed, std::uint64_t most) {
  const Error changed{Code::kDataLoss, "A value in Redis is not what was put there."};
  if (sealed.size() < kSealBytes) return changed;
  const auto form = static_cast<RowForm>(sealed.front());
  std::uint64_t size = 0;
  std::memcpy(&size, sealed.data() + 1, 8);
  Sum sum{};
  std::memcpy(sum.data(), sealed.data() + 9, sum.size());
  const std::string_view stored = sealed.substr(kSealBytes);
  if (size > most || sum != value_sum(stored, head_sum(head_of(key, tags, form, size, stored.size())))) return changed;
  return unpack(form, stored, size);
}

// ---- answers ----

Error unexpected() {
  return {Code::kUnavailable, "What answers there is no Redis.", "Look whether the address is that of one."};
}

Result<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return unexpected();
  return number;
}

Result<std::uint64_t> number_in(const Reply& reply) {
  if (reply.kind == Reply::Kind::kText) return number_in(reply.text);
  if (reply.kind != Reply::Kind::kNumber || reply.number < 0) return unexpected();
  return static_cast<std::uint64_t>(reply.number);
}

Result<std::vector<Reply>> items_of(Reply reply, std::size_t count) {
  if (reply.kind != Reply::Kind::kList || reply.items.size() != count) return unexpected();
  return std::move(reply.items);
}

// One round trip; the server's refusal as an Error.
Result<Reply> ask(Connection& connection, const Words& words, Deadline deadline, const std::stop_token& stop) {
  Reply reply = DM_TRY(connection.call(words, deadline, stop));
  if (reply.kind == Reply::Kind::kError) return error_of_reply(reply.text);
  return reply;
}

}  // namespace

struct RedisEntries::State {
  State(RedisEntriesOptions given, const Clock& its)
      : options(std::move(given)),
        clock(its),
        prefix(options.prefix + ":"),
        last_purge(options.last_purge),
        resolver(options.url.host) {}

  struct Lease {
    std::unique_ptr<Connection> connection{};
    bool used_before = false;
  };

  Result<Lease> take(const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex);
  void give_back(Lease lease) DM_EXCLUDES(mutex);
  Result<std::vector<Connection::Endpoint>> endpoints(const Deadline& deadline, const std::stop_token& stop);
  Result<std::unique_ptr<Connection>> connect(const Deadline& deadline, const std::stop_token& stop);
  Result<> ask_what_it_is(Connection& connection, const Deadline& deadline, const std::stop_token& stop)
      DM_EXCLUDES(mutex);
  Result<> begin(Connection& connection, const Deadline& deadline, const std::stop_token& stop);
  Result<> sweep(Connection& connection, const Deadline& deadline, const std::stop_token& stop);
  Result<> keep_receipt(PurgeReceipt receipt) DM_EXCLUDES(mutex);
  Result<> wait_for_disk(Connection& connection, const Deadline& deadline, const std::stop_token& stop);
  Result<std::uint64_t> purge(Connection& connection, std::string_view tag, const Deadline& deadline,
                              const std::stop_token& stop);
  Result<std::vector<Reply>> run(Connection& connection, const std::string& script, Words arguments, std::size_t items,
                                 const Deadline& deadline, const std::stop_token& stop);
  Result<std::vector<Reply>> run_once(const std::string& script, Words arguments, std::size_t items, Deadline deadline,
                                      const std::stop_token& stop);
  std::optional<std::string> opened(std::string_view key, const Reply& sealed, const Reply& tags,
                                    const Deadline& deadline, const std::stop_token& stop) DM_EXCLUDES(mutex);

  // Work on a connection; once more on a new one when that turns out to have been closed while it lay idle.
  template <typename Work>
  auto with_connection(const Deadline& deadline, const std::stop_token& stop, Work work)
      -> decltype(work(std::declval<Connection&>())) {
    for (bool first = true;; first = false) {
      Lease lease = DM_TRY(take(deadline, stop));
      auto result = work(*lease.connection);
      const bool stale = lease.used_before && lease.connection->broken() && !lease.connection->answered() && !result &&
                         result.error().code == Code::kUnavailable;
      give_back(std::move(lease));
      if (!stale || !first) return result;
    }
  }

  Deadline in_time(const Deadline& deadline) const { return deadline.sooner(options.timeout, clock); }

  // What ran out was our own patience.
  template <typename T>
  Result<T> told(Result<T> result, const Deadline& deadline) const {
    if (result || result.error().code != Code::kDeadlineExceeded || deadline.expired()) return result;
    return Error{Code::kUnavailable,
                 fmt::format("Redis did not answer within {} ms.",
                             std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count()),
                 "See to the machine it runs on, and the network."};
  }

  const RedisEntriesOptions options;
  const Clock& clock;
  const std::string prefix;
  std::atomic<std::uint64_t> moment = 0;  // As the server last said.

  Mutex mutex;
  std::condition_variable_any changed;
  std::vector<std::unique_ptr<Connection>> idle DM_GUARDED_BY(mutex);
  std::size_t open DM_GUARDED_BY(mutex) = 0;  // Idle, in use and being opened.
  RedisReport report DM_GUARDED_BY(mutex);
  std::optional<PurgeReceipt> last_purge DM_GUARDED_BY(mutex);
  EntriesStats stats DM_GUARDED_BY(mutex);  // What is counted here.

  net::Resolver resolver;
};

// ---- connections ----

Result<RedisEntries::State::Lease> RedisEntries::State::take(const Deadline& deadline, const std::stop_token& stop) {
  {
    MutexLock lock(mutex);
    const auto waited = exec::wait_until(changed, lock, deadline, stop, [&]() DM_REQUIRES(mutex) {
      return !idle.empty() || open < options.connections;
    });
    if (waited != exec::Waited::kReady) return exec::error_of(waited, "a connection to Redis");
    if (!idle.empty()) {
      Lease lease{std::move(idle.back()), true};
      idle.pop_back();
      return lease;
    }
    ++open;
  }
  auto connection = connect(deadline, stop);
  if (connection) return Lease{*std::move(connection), false};
  give_back({});
  return connection.error();
}

// One that is broken, or none, makes room for another; with it go those that lay idle beside it.
void RedisEntries::State::give_back(Lease lease) {
  std::vector<std::unique_ptr<Connection>> closed;  // After the lock.
  const MutexLock lock(mutex);
  if (lease.connection != nullptr && !lease.connection->broken()) {
    idle.push_back(std::move(lease.connection));
  } else {
    closed = std::exchange(idle, {});
    open -= 1 + closed.size();
  }
  changed.notify_all();
}

Result<std::vector<Connection::Endpoint>> RedisEntries::State::endpoints(const Deadline& deadline,
                                                                         const std::stop_token& stop) {
  auto found = resolver.addresses(deadline, stop);
  if (!found && found.error().code == Code::kUnavailable) {
    return Error{Code::kUnavailable, std::move(found).error().message, "Correct cache.shared."};
  }
  std::vector<Connection::Endpoint> out;
  for (const std::string& one : DM_TRY(std::move(found))) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(one, error);
    if (!error) out.emplace_back(address, options.url.port);
  }
  return out;
}

Result<std::unique_ptr<Connection>> RedisEntries::State::connect(const Deadline& deadline,
                                                                 const std::stop_token& stop) {
  auto connection = std::make_unique<Connection>(options.max_value_bytes + kReplyBeside);
  DM_TRY(connection->open(DM_TRY(endpoints(deadline, stop)), deadline, stop));
  const RedisUrl& url = options.url;
  if (!url.user.empty()) {
    (void)DM_TRY(ask(*connection, {"AUTH", url.user, url.password}, deadline, stop));
  } else if (!url.password.empty()) {
    (void)DM_TRY(ask(*connection, {"AUTH", url.password}, deadline, stop));
  }
  if (url.database != 0) {
    (void)DM_TRY(ask(*connection, {"SELECT", std::to_string(url.database)}, deadline, stop));
  }
  DM_TRY(ask_what_it_is(*connection, deadline, stop));
  DM_TRY(begin(*connection, deadline, stop));
  return connection;
}

Result<> RedisEntries::State::ask_what_it_is(Connection& connection, const Deadline& deadline,
                                             const std::stop_token& stop) {
  const Reply info = DM_TRY(ask(connection, {"INFO"}, deadline, stop));
  if (info.kind != Reply::Kind::kText) return unexpected();
  RedisReport told = DM_TRY(read_info(info.text));
  const MutexLock lock(mutex);
  report = std::move(told);
  return {};
}

// Whether the server knows of our last purge; else it makes up for it.
Result<> RedisEntries::State::begin(Connection& connection, const Deadline& deadline, const std::stop_token& stop) {
  std::optional<PurgeReceipt> mine;
  {
    const MutexLock lock(mutex);
    mine = last_purge;
  }
  const std::string at = mine ? std::to_string(mine->moment) : std::string();
  const std::string tag = mine ? mine->tag : std::string();
  auto said = run(connection, scripts::begin(), {tag, at}, 3, deadline, stop);
  if (!said && said.error().code == Code::kResourceExhausted) return {};  // Nothing is there, nor will be.
  if (!said) return said.error();
  const std::uint64_t lost = DM_TRY(number_in((*said)[1]));
  if (lost != 0) DM_TRY(keep_receipt({.tag = {}, .moment = moment.load()}));
  if (DM_TRY(number_in((*said)[2])) == 0) return {};
  // What it does not come to is never given, and is erased later.
  const Result<> swept = sweep(connection, deadline, stop);
  return connection.broken() ? swept : Result<>();
}

// ---- round trips ----

Result<std::vector<Reply>> RedisEntries::State::run(Connection& connection, const std::string& script, Words arguments,
                                                    std::size_t items, const Deadline& deadline,
                                                    const std::stop_token& stop) {
  Words words{"EVAL", script, "0", prefix};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Reply reply = DM_TRY(ask(connection, words, deadline, stop));
  std::vector<Reply> out = DM_TRY(items_of(std::move(reply), items));
  moment = DM_TRY(number_in(out.front()));
  return out;
}

Result<std::vector<Reply>> RedisEntries::State::run_once(const std::string& script, Words arguments, std::size_t items,
                                                         Deadline deadline, const std::stop_token& stop) {
  const Deadline until = in_time(deadline);
  auto result = with_connection(
      until, stop, [&](Connection& connection) { return run(connection, script, arguments, items, until, stop); });
  return told(std::move(result), deadline);
}

Result<> RedisEntries::State::sweep(Connection& connection, const Deadline& deadline, const std::stop_token& stop) {
  const std::string together = std::to_string(options.erase_together);
  for (;;) {
    const Reply more =
        DM_TRY(ask(connection, {"EVAL", scripts::sweep(), "0", prefix, together}, in_time(deadline), stop));
    if (DM_TRY(number_in(more)) == 0) return {};
  }
}

Result<> RedisEntries::State::keep_receipt(PurgeReceipt receipt) {
  const MutexLock lock(mutex);
  if (last_purge && last_purge->moment > receipt.moment) return {};
  last_purge = std::move(receipt);
  return options.purged ? options.purged(*last_purge) : Result<>();
}

Result<> RedisEntries::State::wait_for_disk(Connection& connection, const Deadline& deadline,
                                            const std::stop_token& stop) {
  {
    const MutexLock lock(mutex);
    if (report.durability != RedisDurability::kWaitedFor) return {};
  }
  const std::string ms =
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(options.timeout).count() / 2 + 1);
  const Reply reply = DM_TRY(ask(connection, {"WAITAOF", "1", "0", ms}, in_time(deadline), stop));
  const std::vector<Reply> items = DM_TRY(items_of(reply, 2));
  if (DM_TRY(number_in(items.front())) >= 1) return {};
  return Error{Code::kUnavailable, "Redis has not written the purge to its disk in time.", "See to its disk."};
}

// ---- the contract ----

RedisEntries::RedisEntries(std::unique_ptr<State> state) : state_(std::move(state)) {}
RedisEntries::~RedisEntries() = default;

Result<std::unique_ptr<RedisEntries>> RedisEntries::open(RedisEntriesOptions options, const Clock& clock) {
  if (options.url.host.empty() || options.prefix.empty() || options.connections == 0 || options.erase_together == 0 ||
      options.timeout <= Duration::zero()) {
    return Error{Code::kInvalidArgument, "The shared cache's address, prefix, connections or times are none."};
  }
  return std::unique_ptr<RedisEntries>(new RedisEntries(std::make_unique<State>(std::move(options), clock)));
}

// What was read as a value with its tags, if it is one. What is none of ours is not given, and not left there.
std::optional<std::string> RedisEntries::State::opened(std::string_view key, const Reply& sealed, const Reply& tags,
                                                       const Deadline& deadline, const std::stop_token& stop) {
  Result<std::string> value = Error{Code::kNotFound, {}};
  bool bad = sealed.kind == Reply::Kind::kError;
  if (sealed.kind == Reply::Kind::kText) {
    value = unseal(key, tags.text, sealed.text, options.max_value_bytes);
    bad = !value;
  }
  if (bad) (void)run_once(scripts::erase(), {key}, 2, deadline, stop);
  const MutexLock lock(mutex);
  stats.quarantined += bad ? 1 : 0;
  ++(value ? stats.hits_disk : stats.misses);
  return value ? std::optional(*std::move(value)) : std::nullopt;
}

Result<std::optional<std::string>> RedisEntries::get(std::string_view key, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  const std::string most = std::to_string(my.options.max_value_bytes + kSealBytes);
  auto said = my.run_once(scripts::get(), {key, most}, 3, deadline, stop);
  if (!said && said.error().code == Code::kDataLoss) {
    return my.opened(key, {.kind = Reply::Kind::kError}, {}, deadline, stop);
  }
  if (!said) return said.error();
  return my.opened(key, (*said)[1], (*said)[2], deadline, stop);
}

Result<Entries::Values> RedisEntries::get_many(std::span<const std::string> keys, Deadline deadline,
                                               std::stop_token stop) {
  State& my = *state_;
  const std::string most = std::to_string(my.options.max_value_bytes + kSealBytes);
  const std::string together = std::to_string(kReadTogether);
  Values out;
  while (out.size() < keys.size()) {
    const auto next = keys.subspan(out.size(), std::min(keys.size() - out.size(), kKeysTogether));
    Words arguments{most, together};
    arguments.insert(arguments.end(), next.begin(), next.end());
    auto said = my.run_once(scripts::get_many(), arguments, 2, deadline, stop);
    if (!said && said.error().code == Code::kDataLoss) {  // One of them: get() knows which.
      for (const std::string& key : next) out.push_back(DM_TRY(get(key, deadline, stop)));
      continue;
    }
    if (!said) return said.error();
    const std::vector<Reply>& read = (*said)[1].items;
    if (read.empty() || read.size() % 2 != 0 || read.size() > 2 * next.size()) return unexpected();
    for (std::size_t i = 0; i < read.size(); i += 2) {
      out.push_back(my.opened(next[i / 2], read[i], read[i + 1], deadline, stop));
    }
  }
  return out;
}

Result<> RedisEntries::put(std::string_view key, Put put, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  DM_TRY(check_put(key, put, my.options.max_value_bytes));
  const std::string tags = pack_tags(put.tags);
  const std::string sealed = seal(key, tags, put.value, my.options.compress_from);
  const auto ttl = ttl_in_ms(put.ttl);
  const std::string ttl_text = ttl ? std::to_string(*ttl) : std::string();
  const std::string since = put.since ? std::to_string(*put.since) : std::string();
  const std::string most = std::to_string(my.options.max_entries);
  auto said = my.run_once(scripts::put(), {key, sealed, tags, ttl_text, since, most}, 3, deadline, stop);
  const MutexLock lock(my.mutex);
  if (!said) {
    my.stats.trouble = said.error().message;
    return said.error();
  }
  my.stats.trouble.clear();
  ++my.stats.puts;
  my.stats.outrun += DM_TRY(number_in((*said)[1])) == 0 ? 1 : 0;
  my.stats.evicted += DM_TRY(number_in((*said)[2]));
  return {};
}

Result<bool> RedisEntries::erase(std::string_view key, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  const std::vector<Reply> said = DM_TRY(my.run_once(scripts::erase(), {key}, 2, deadline, stop));
  const bool there = DM_TRY(number_in(said[1])) != 0;
  const MutexLock lock(my.mutex);
  my.stats.erased += there ? 1 : 0;
  return there;
}

Result<std::uint64_t> RedisEntries::State::purge(Connection& connection, std::string_view tag, const Deadline& deadline,
                                                 const std::stop_token& stop) {
  const std::vector<Reply> said = DM_TRY(run(connection, scripts::purge(), {tag}, 2, in_time(deadline), stop));
  const std::uint64_t at = DM_TRY(number_in(said[0]));
  const std::uint64_t count = DM_TRY(number_in(said[1]));
  DM_TRY(keep_receipt({std::string(tag), at}));
  DM_TRY(sweep(connection, deadline, stop));
  DM_TRY(wait_for_disk(connection, deadline, stop));
  return count;
}

Result<std::uint64_t> RedisEntries::purge(std::string_view tag, Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  auto result = my.with_connection(my.in_time(deadline), stop,
                                   [&](Connection& connection) { return my.purge(connection, tag, deadline, stop); });
  const std::uint64_t count = DM_TRY(my.told(std::move(result), deadline));
  const MutexLock lock(my.mutex);
  my.stats.purged += count;
  return count;
}

Result<EntriesStats> RedisEntries::stats() {
  State& my = *state_;
  const Deadline until = my.in_time(Deadline::never());
  const auto counted = my.with_connection(until, {}, [&](Connection& connection) -> Result<std::vector<Reply>> {
    Reply reply = DM_TRY(ask(connection, {"EVAL", scripts::count(), "0", my.prefix}, until, {}));
    return items_of(std::move(reply), 3);
  });
  const std::vector<Reply> items = DM_TRY(my.told(counted, Deadline::never()));
  const std::uint64_t entries = DM_TRY(number_in(items[0]));
  const std::uint64_t bytes = DM_TRY(number_in(items[1]));
  const std::uint64_t seen = DM_TRY(number_in(items[2]));
  const MutexLock lock(my.mutex);
  EntriesStats out = my.stats;
  out.entries = entries;
  out.bytes = seen == 0 ? 0 : bytes * entries / seen;
  return out;
}

Result<std::uint64_t> RedisEntries::moment() {
  State& my = *state_;
  if (const std::uint64_t known = my.moment; known != 0) return known;
  const Deadline until = my.in_time(Deadline::never());
  const auto begun = my.with_connection(until, {}, [&](Connection& connection) -> Result<bool> {
    DM_TRY(my.begin(connection, until, {}));
    return true;
  });
  (void)DM_TRY(my.told(begun, Deadline::never()));
  return my.moment.load();
}

Result<RedisReport> RedisEntries::examine(Deadline deadline, std::stop_token stop) {
  State& my = *state_;
  const Deadline until = my.in_time(deadline);
  auto setting = my.with_connection(until, stop, [&](Connection& connection) -> Result<std::string> {
    DM_TRY(my.ask_what_it_is(connection, until, stop));
    const Result<Reply> reply = connection.call({"CONFIG", "GET", "appendfsync"}, until, stop);
    if (!reply) return reply.error();
    // Many keep CONFIG to themselves: then nobody knows.
    return reply->kind == Reply::Kind::kList && reply->items.size() == 2 ? reply->items[1].text : std::string();
  });
  const std::string fsync = DM_TRY(my.told(std::move(setting), deadline));
  const MutexLock lock(my.mutex);
  if (my.report.append_only && fsync == "always") my.report.durability = RedisDurability::kAlways;
  return my.report;
}

}  // namespace docmind::cache
