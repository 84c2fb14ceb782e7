#include "net/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "exec/wait.h"

namespace docmind::net {
namespace {

constexpr std::size_t kMostAddresses = 16;

Result<Addresses> ask_system(const std::string& host, int flags) {
  addrinfo wanted{};
  wanted.ai_flags = flags;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &first); failed != 0) {
    return Error{Code::kUnavailable, "There is no machine " + host + ": " + ::gai_strerror(failed) + "."};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(first, ::freeaddrinfo);
  Addresses out;
  for (const addrinfo* one = first; one != nullptr && out.size() < kMostAddresses; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::ranges::find(out, text.data()) == out.end()) out.emplace_back(text.data());
  }
  if (out.empty()) return Error{Code::kUnavailable, "There is no machine " + host + "."};
  return out;
}

}  // namespace

Result<Addresses> look_up(const std::string& host) { return ask_system(host, 0); }

Resolver::Resolver(std::string host, std::function<Result<Addresses>(const std::string&)> how)
    : host_(std::move(host)), how_(std::move(how)) {}

Resolver::~Resolver() {
  if (thread_.joinable()) thread_.join();
}

void Resolver::begin() {
  if (thread_.joinable()) thread_.join();  // It has said what it found.
  under_way_ = true;
  ++begun_;
  thread_ = std::thread([this] {
    Result<Addresses> found = how_(host_);
    const MutexLock lock(mutex_);
    found_ = std::move(found);
    under_way_ = false;
    changed_.notify_all();
  });
}

Result<Addresses> Resolver::addresses(const Deadline& deadline, const std::stop_token& stop) {
  if (auto itself = ask_system(host_, AI_NUMERICHOST)) return itself;
  MutexLock lock(mutex_);
  if (!under_way_) begin();
  const auto ended = [this, mine = begun_]() DM_REQUIRES(mutex_) { return !under_way_ || begun_ != mine; };
  const exec::Waited waited = exec::wait_until(changed_, lock, deadline, stop, ended);
  if (waited != exec::Waited::kReady) return exec::error_of(waited, "the address of " + host_);
  return found_;
}

}  // namespace docmind::net
