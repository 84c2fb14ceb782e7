// Load on a server: many kept connections, each with one request under way, as redis-benchmark does it. Prints one line
// of JSON: requests a second, latencies, errors.
//
//   load http|redis PORT get|set|fill REQUESTS CONNECTIONS KEYS VALUE_BYTES
//     Our cache server, or Redis: the same loop, the same keys, the same values for both, so that what differs is the
//     server. fill: sets every key once.
//   load request PORT REQUESTS CONNECTIONS < REQUESTS
//     Any server of HTTP/1.1: the given requests in turn, a NUL between two, each to be answered 200 with its length.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Time = std::chrono::steady_clock::time_point;

enum class Kind { kCacheServer, kRedis, kRequest };

struct Load {
  Kind kind = Kind::kCacheServer;
  std::uint16_t port = 0;
  std::vector<std::string> given;  // Of kRequest.
  std::string_view what;
  std::size_t requests = 0;
  std::size_t connections = 1;
  std::size_t keys = 1;
  std::string value;
};

struct Connection {
  int fd = -1;
  std::string reply;
  Time sent;
};

std::size_t number(const char* text) {
  std::size_t out = 0;
  std::from_chars(text, text + std::strlen(text), out);
  return out;
}

std::string request(const Load& load, std::size_t key) {
  if (load.kind == Kind::kRequest) return load.given[key % load.given.size()];
  const std::string name = "key:" + std::to_string(1'000'000 + key);
  const std::string size = std::to_string(load.value.size());
  if (load.kind == Kind::kCacheServer) {
    if (load.what == "get") return "GET /v1/entries/" + name + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    return "PUT /v1/entries/" + name + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + size + "\r\n\r\n" +
           load.value;
  }
  const std::string length = std::to_string(name.size());
  if (load.what == "get") return "*2\r\n$3\r\nGET\r\n$" + length + "\r\n" + name + "\r\n";
  return "*3\r\n$3\r\nSET\r\n$" + length + "\r\n" + name + "\r\n$" + size + "\r\n" + load.value + "\r\n";
}

enum class Reply { kMore, kGood, kBad };

// The reply's status and the length of its body, when all of it is there.
Reply read_http(const std::string& reply, std::string_view& status, std::size_t& body) {
  const std::size_t end = reply.find("\r\n\r\n");
  if (end == std::string::npos) return Reply::kMore;
  status = std::string_view(reply).substr(9, 3);
  const std::size_t at = reply.find("Content-Length: ");
  body = at < end ? number(reply.c_str() + at + 16) : 0;
  return reply.size() < end + 4 + body ? Reply::kMore : Reply::kGood;
}

Reply read_cache(const std::string& reply, bool get, std::size_t bytes) {
  std::string_view status;
  std::size_t body = 0;
  if (read_http(reply, status, body) == Reply::kMore) return Reply::kMore;
  return status == (get ? "200" : "204") && body == (get ? bytes : 0) ? Reply::kGood : Reply::kBad;
}

Reply read_any(const std::string& reply) {
  std::string_view status;
  std::size_t body = 0;
  if (read_http(reply, status, body) == Reply::kMore) return Reply::kMore;
  return status == "200" && body > 0 ? Reply::kGood : Reply::kBad;
}

Reply read_redis(const std::string& reply, bool get, std::size_t bytes) {
  const std::size_t end = reply.find("\r\n");
  if (end == std::string::npos) return Reply::kMore;
  if (!get) return reply == "+OK\r\n" ? Reply::kGood : Reply::kBad;
  if (reply[0] != '$' || reply[1] == '-') return Reply::kBad;
  const std::size_t body = number(reply.c_str() + 1);
  if (reply.size() < end + 2 + body + 2) return Reply::kMore;
  return body == bytes ? Reply::kGood : Reply::kBad;
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

struct Runner {
  const Load& load;
  std::vector<Connection> connections{};
  std::size_t begun = 0;
  std::size_t errors = 0;
  std::uint64_t random = 88172645463325252ULL;
  std::vector<float> micros{};

  std::size_t next_key() {
    if (load.what == "fill" || load.kind == Kind::kRequest) return begun;
    random ^= random << 13U;  // xorshift64 (Marsaglia 2003)
    random ^= random >> 7U;
    random ^= random << 17U;
    return static_cast<std::size_t>(random % load.keys);
  }

  void send(Connection& connection) {
    const std::string text = request(load, next_key());
    ++begun;
    connection.sent = std::chrono::steady_clock::now();
    std::string_view rest = text;
    while (!rest.empty()) {
      const ssize_t sent = ::send(connection.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN) std::exit(1);
    }
  }

  Reply read(const std::string& reply) const {
    const bool get = load.what == "get";
    if (load.kind == Kind::kRequest) return read_any(reply);
    return load.kind == Kind::kRedis ? read_redis(reply, get, load.value.size())
                                     : read_cache(reply, get, load.value.size());
  }

  // Whether the connection has had its last reply.
  bool receive(Connection& connection) {
    std::array<char, 65536> bytes;
    const ssize_t got = ::recv(connection.fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) {
      std::fputs("the server closed a connection\n", stderr);
      std::exit(1);
    }
    connection.reply.append(bytes.data(), static_cast<std::size_t>(got));
    const Reply reply = read(connection.reply);
    if (reply == Reply::kMore) return false;
    if (reply == Reply::kBad) ++errors;
    micros.push_back(
        std::chrono::duration<float, std::micro>(std::chrono::steady_clock::now() - connection.sent).count());
    connection.reply.clear();
    if (begun >= load.requests) return true;
    send(connection);
    return false;
  }

  double run() {
    const int poll = ::epoll_create1(0);
    connections.resize(std::min(load.connections, load.requests));
    for (std::size_t i = 0; i < connections.size(); ++i) {
      connections[i].fd = connect_to(load.port);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
    }
    micros.reserve(load.requests);
    const Time start = std::chrono::steady_clock::now();
    for (Connection& connection : connections) send(connection);
    std::array<epoll_event, 256> events{};
    for (std::size_t open = connections.size(); open > 0;) {
      const int count = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 10'000);
      if (count == 0) {
        std::fputs("nothing came for 10 s\n", stderr);
        std::exit(1);
      }
      for (int i = 0; i < count; ++i) {
        if (receive(connections[events[static_cast<std::size_t>(i)].data.u64])) --open;
      }
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

float part(std::vector<float>& values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

std::vector<std::string> requests_given() {
  std::vector<std::string> out(1);
  for (int one = std::getchar(); one != EOF; one = std::getchar()) {
    if (one == 0) {
      out.emplace_back();
    } else {
      out.back() += static_cast<char>(one);
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  if (argc != (kind == "request" ? 5 : 8)) {
    std::fputs(
        "load http|redis PORT get|set|fill REQUESTS CONNECTIONS KEYS VALUE_BYTES\n"
        "load request PORT REQUESTS CONNECTIONS < REQUESTS\n",
        stderr);
    return 2;
  }
  Load load;
  load.port = static_cast<std::uint16_t>(number(argv[2]));
  if (kind == "request") {
    load.kind = Kind::kRequest;
    load.given = requests_given();
    load.requests = std::max<std::size_t>(1, number(argv[3]));
    load.connections = std::max<std::size_t>(1, number(argv[4]));
  } else {
    load.kind = kind == "http" ? Kind::kCacheServer : Kind::kRedis;
    load.what = argv[3];
    load.requests = std::max<std::size_t>(1, number(argv[4]));
    load.connections = std::max<std::size_t>(1, number(argv[5]));
    load.keys = std::max<std::size_t>(1, number(argv[6]));
    if (load.what == "fill") load.requests = load.keys;
    std::uint32_t letter = 1;
    while (load.value.size() < number(argv[7])) {  // Like text: it compresses, but not to nothing.
      letter = letter * 1664525U + 1013904223U;
      load.value += "etaoin shrdlu"[(letter >> 16U) % 13U];
    }
  }
  Runner runner{.load = load};
  const double seconds = runner.run();
  std::printf("{\"requests_per_second\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"errors\":%zu}\n",
              static_cast<double>(load.requests) / seconds, static_cast<double>(part(runner.micros, 0.5)),
              static_cast<double>(part(runner.micros, 0.99)), runner.errors);
  return runner.errors == 0 ? 0 : 1;
}
