#include "cache/redis/redis_url.h"

#include <fmt/format.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace docmind::cache {
namespace {

constexpr std::size_t kLongest = 2048;
constexpr std::uint32_t kDatabases = 1 << 16U;

// The whole of `text` as a number up to `most`.
template <typename Number>
bool read_number(std::string_view text, Number most, Number& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() && number <= most;
}

}  // namespace

std::string RedisUrl::shown() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("redis://{}{}{}:{}/{}", v6 ? "[" : "", host, v6 ? "]" : "", port, database);
}

Result<RedisUrl> redis_url_of(std::string_view text) {
  const Error none{Code::kInvalidArgument, "That is no address of a Redis.",
                   "Write it as redis://user:password@host:6379/0; user, password and database may be left out."};
  if (text.size() > kLongest) return none;
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return none;
  if (parsed->scheme() == "rediss") {
    return Error{Code::kInvalidArgument, "A Redis behind TLS (rediss://) cannot be spoken to.",
                 "Use redis:// within a network you trust, or through a tunnel on this machine."};
  }
  if (parsed->scheme() != "redis" || parsed->has_query() || parsed->has_fragment()) return none;
  RedisUrl out{.host = parsed->host(), .user = parsed->user(), .password = parsed->password()};
  if (out.host.empty() || (!out.user.empty() && !parsed->has_password())) return none;
  if (parsed->host_type() == boost::urls::host_type::ipv6) out.host = parsed->host_address();
  if (parsed->has_port() && (!read_number<std::uint16_t>(parsed->port(), 65535, out.port) || out.port == 0))
    return none;
  std::string_view path = parsed->encoded_path();
  if (path.starts_with('/')) path.remove_prefix(1);
  if (!path.empty() && !read_number<std::uint32_t>(path, kDatabases, out.database)) return none;
  return out;
}

}  // namespace docmind::cache
