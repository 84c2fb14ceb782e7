#include "net/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "base/request_id.h"
#include "base/trace_context.h"
#include "net/client.h"
#include "net/testing/gate.h"
#include "net/testing/raw_socket.h"

namespace docmind::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::string_literals;  // "..."s keeps a NUL.
using testing::Gate;
using testing::RawSocket;

std::string get(const std::string& target, const std::string& more = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string post(const std::string& target, const std::string& body, const std::string& more = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

// A server on a free port whose handler does what the path says.
class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    Result<std::unique_ptr<Server>> made =
        Server::open(std::move(options), [this](const Request& request, ResponseWriter& out) { handle(request, out); });
    ASSERT_TRUE(made);
    server_ = *std::move(made);
    const Result<std::uint16_t> port = server_->listen_tcp({});
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
  }

  void handle(const Request& request, ResponseWriter& out) {
    ++handled_;
    const std::string& path = request.target.path;
    if (path == "/hold") {
      EXPECT_TRUE(hold_.pass());
    }
    if (path == "/until-stopped") return until_stopped(out);
    if (path == "/endless") return endless(out);
    if (path == "/stream") return stream(out);
    if (path == "/silent") return;
    if (path == "/throws") throw std::runtime_error("boom");
    if (path == "/cut") {
      (void)out.begin({});
      (void)out.write("half");
      return;
    }
    if (path == "/split") {
      (void)out.send({.headers = {{"X-Name", "a\r\nSet-Cookie: evil=1"}}});
      return;
    }
    (void)out.send({.body = request.method + " " + path + " " + request.body});
  }

  void until_stopped(ResponseWriter& out) {
    Gate stopped;
    const std::stop_callback wake(out.stop(), [&] { stopped.open(); });
    reached_.open();
    if (stopped.pass()) stopped_.open();
  }

  void endless(ResponseWriter& out) {
    Result<> sent = out.begin({});
    for (const std::string piece(16'384, 'x'); sent; written_ += piece.size()) sent = out.write(piece);
    EXPECT_EQ(sent.error().code, Code::kCancelled);
    stopped_.open();
  }

  static void stream(ResponseWriter& out) {
    EXPECT_TRUE(out.begin({.headers = {{"Content-Type", "text/event-stream"}}}));
    EXPECT_TRUE(out.write("data: 1\n\n"));
    EXPECT_TRUE(out.write(""));
    EXPECT_TRUE(out.write("data: 2\n\n"));
    EXPECT_TRUE(out.end());
    EXPECT_FALSE(out.write("late"));
    EXPECT_FALSE(out.send({}));
  }

  RawSocket connect() const { return RawSocket::tcp(port_); }

  std::string ask(const std::string& bytes) const {
    RawSocket socket = connect();
    socket.send(bytes);
    return socket.read_response().value_or("no answer");
  }

  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::atomic<int> handled_ = 0;
  std::atomic<std::uint64_t> written_ = 0;
  Gate hold_;
  Gate reached_;
  Gate stopped_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawSocket socket = connect();
  for (int i = 0; i < 3; ++i) {
    socket.send(post("/a%20b?x=1", "body"));
    const std::string answer = socket.read_response().value_or("");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(answer.ends_with("POST /a b body")) << answer;
  }
  socket.send(get("/", "Connection: close\r\n"));
  EXPECT_NE(socket.read_all().value_or("").find("Connection: close\r\n"), std::string::npos);
}

TEST_F(ServerTest, ARequestHasANameThatItsAnswerTells) {
  start({.refuse = [](const Request& head) -> std::optional<Response> {
    if (head.target.path != "/refused") return std::nullopt;
    return error_response({Code::kUnauthorized, "no", ""});
  }});
  const auto client = *Client::open();
  const auto name_of = [&](const std::string& path, const std::string& given) {
    Request request{.target = {.path = path}};
    if (!given.empty()) request.headers.set("X-Request-Id", given);
    return std::string(client->send({.port = port_}, request)->headers.find("X-Request-Id").value_or("none"));
  };
  EXPECT_EQ(name_of("/named", "mine-1"), "mine-1");
  EXPECT_EQ(name_of("/stream", "mine-2"), "mine-2");
  EXPECT_EQ(name_of("/refused", "mine-3"), "mine-3");
  const std::string made = name_of("/named", "");
  EXPECT_TRUE(is_request_id(made)) << made;
  EXPECT_NE(name_of("/named", ""), made);
  EXPECT_NE(name_of("/named", "two words"), "two words");
  // Who asks for somebody's request says so.
  const RequestScope scope("outer");
  EXPECT_EQ(name_of("/named", ""), "outer");
  EXPECT_EQ(name_of("/named", "mine-4"), "mine-4");
}

TEST_F(ServerTest, ARequestHasAPlaceInATrace) {
  TraceContext seen;
  const auto server = *Server::open({}, [&seen](const Request&, ResponseWriter& out) {
    seen = trace_context();
    (void)out.send({});
  });
  const std::uint16_t port = *server->listen_tcp({});
  const auto client = *Client::open();
  const auto place_of = [&](const char* header) {
    Request request;
    if (header != nullptr) request.headers.set("Traceparent", header);
    EXPECT_TRUE(client->send({.port = port}, request));
    return seen;
  };
  const TraceContext own = place_of(nullptr);
  EXPECT_TRUE(own);
  EXPECT_EQ(own.parent, 0U);
  EXPECT_NE(own.span, 0U);
  EXPECT_NE(trace_id(place_of(nullptr)), trace_id(own));
  EXPECT_NE(trace_id(place_of("of no form")), trace_id(own));
  const TraceContext called = place_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_EQ(trace_id(called), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span_id(called.parent), "00f067aa0ba902b7");
  EXPECT_FALSE(called.sampled);
  // Who asks on a traced thread is the parent.
  const TraceScope scope({.high = 5, .low = 6, .span = 7});
  const TraceContext inner = place_of(nullptr);
  EXPECT_EQ(inner.high, 5U);
  EXPECT_EQ(inner.parent, 7U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawSocket socket = connect();
  socket.send(post("/1", "first") + get("/2") + post("/3", "third") + get("/4", "Connection: close\r\n"));
  const std::string all = socket.read_all().value_or("");
  EXPECT_EQ(handled_, 4);
  std::size_t at = 0;
  for (const char* expected : {"POST /1 first", "GET /2 ", "POST /3 third", "GET /4 "}) {
    at = all.find(expected, at);
    ASSERT_NE(at, std::string::npos) << expected << " in " << all;
  }
}

TEST_F(ServerTest, ReadsRequestsByteByByte) {
  start();
  RawSocket socket = connect();
  for (const char c :
       "POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
       "chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n" +
           std::string()) {
    ASSERT_TRUE(socket.send({&c, 1}));
  }
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("POST /slow abcde"));
}

TEST_F(ServerTest, HeadHasNoBodyAndOldClientsNoChunks) {
  start();
  RawSocket socket = connect();
  socket.send("HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/y"));
  EXPECT_NE(socket.read_until("\r\n\r\n").value_or("").find("Content-Length: 8\r\n"), std::string::npos);
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("GET /y "));
  socket.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/z"));
  EXPECT_NE(socket.read_until("\r\n\r\n").value_or("").find("chunked"), std::string::npos);
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("GET /z "));
  RawSocket old = connect();
  old.send("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(old.read_all().value_or("").ends_with("\r\n\r\ndata: 1\n\ndata: 2\n\n"));
}

TEST_F(ServerTest, StreamsInChunks) {
  start();
  RawSocket socket = connect();
  socket.send(get("/stream"));
  const std::string answer = socket.read_until("0\r\n\r\n").value_or("");
  EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n")) << answer;
  socket.send(get("/after"));
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("GET /after "));
}

TEST_F(ServerTest, HandlersThatFailAreNoticed) {
  start();
  EXPECT_TRUE(ask(get("/silent")).starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(ask(get("/throws")).starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(ask(get("/split")).find("\r\nSet-Cookie"), std::string::npos);
  RawSocket socket = connect();
  socket.send(get("/cut"));
  const std::string answer = socket.read_all().value_or("never closed");
  EXPECT_NE(answer.find("4\r\nhalf\r\n"), std::string::npos);
  EXPECT_EQ(answer.find("0\r\n\r\n"), std::string::npos) << "the client must see that it was cut";
}

TEST_F(ServerTest, ARequestIsRefusedByItsHeaderBeforeItsBodyIsRead) {
  std::string address;
  start({.refuse = [&](const Request& head) -> std::optional<Response> {
    address = head.address;
    if (head.headers.find("X-Key")) return std::nullopt;
    return Response{.status = 401, .headers = {{"WWW-Authenticate", "Bearer"}}, .body = "no"};
  }});
  RawSocket refused = RawSocket::tcp(port_);
  ASSERT_TRUE(
      refused.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   "Content-Length: 1000\r\n\r\n"));
  const std::string reply = refused.read_all().value_or("");
  EXPECT_TRUE(reply.starts_with("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n")) << reply;
  EXPECT_EQ(handled_, 0);
  EXPECT_EQ(address, "127.0.0.1");
  RawSocket passed = RawSocket::tcp(port_);
  ASSERT_TRUE(passed.send(get("/x", "X-Key: 1\r\nConnection: close\r\n")));
  EXPECT_TRUE(passed.read_all().value_or("").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, HundredContinueOnlyForBodiesItWants) {
  start({.body_bytes = [](const Request&) { return 10U; }});
  RawSocket socket = connect();
  socket.send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 4\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("body");
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("POST /x body"));
  socket.send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 11\r\n\r\n");
  EXPECT_TRUE(socket.read_all().value_or("").starts_with("HTTP/1.1 413 "));
}

struct Hostile {
  const char* what;
  int status;
  std::string bytes;
};

std::vector<Hostile> hostile_requests() {
  const std::string start = "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  std::string many = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 10'000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  return {
      {"not HTTP", 400, "hello\r\n\r\n"},
      {"TLS hello", 400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s},
      {"HTTP/2 preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"version 3", 400, "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n"},
      {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", 400, "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n"},
      {"foreign Host", 421, "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n"},
      {"absolute target", 400, "GET http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n"},
      {"traversal", 400, get("/../../etc/passwd")},
      {"encoded traversal", 400, get("/%2e%2e/etc/passwd")},
      {"NUL in target", 400, get("/%00")},
      {"bare line feeds", 400, "GET / HTTP/1.1\nHost: localhost\n\n"},
      {"space before colon", 400, "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"},
      {"NUL in header", 400, "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n"s},
      {"length and chunks", 400, start + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunks and length", 400, start + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"},
      {"two lengths", 400, start + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"},
      {"same length twice", 400, start + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"},
      {"list of lengths", 400, start + "Content-Length: 4, 5\r\n\r\nabcde"},
      {"negative length", 400, start + "Content-Length: -4\r\n\r\nabcd"},
      {"signed length", 400, start + "Content-Length: +4\r\n\r\nabcd"},
      {"hexadecimal length", 400, start + "Content-Length: 0x4\r\n\r\nabcd"},
      {"overflowing length", 400, start + "Content-Length: 18446744073709551617\r\n\r\nx"},
      {"huge length", 413, start + "Content-Length: 18446744073709551615\r\n\r\nx"},
      {"unknown coding", 400, start + "Transfer-Encoding: gzip\r\n\r\nx"},
      {"coding after chunks", 400, start + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
      {"coding before chunks", 400, start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunks twice", 400, start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"chunks in HTTP/1.0", 400,
       "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n"},
      {"negative chunk", 400, chunked + "-2\r\nab\r\n0\r\n\r\n"},
      {"chunk of no size", 400, chunked + "zz\r\nab\r\n0\r\n\r\n"},
      {"chunk longer than it says", 400, chunked + "2\r\nabc\r\n0\r\n\r\n"},
      {"overflowing chunk", 400, chunked + "FFFFFFFFFFFFFFFFF\r\nab"},
      {"huge chunk", 413, chunked + "FFFFFFFFFFFFFFFF\r\nab"},
      {"endless chunk header", 400, chunked + "1;" + std::string(200'000, 'x')},
      {"chunks without end", 413, chunked + "64\r\n" + std::string(100, 'x') + "\r\n64\r\n" + std::string(100, 'x')},
      {"unknown expectation", 417, start + "Expect: miracles\r\nContent-Length: 1\r\n\r\nx"},
      {"long header", 431, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"},
      {"long target", 431, get("/" + std::string(20'000, 'x'))},
      {"10,000 headers", 431, many + "\r\n"},
      {"endless header", 431, "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(1'000'000, 'x')},
      {"form of another site", 415, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"},
      {"another site", 403, start + "Origin: http://evil.test\r\nContent-Length: 1\r\n\r\nx"},
  };
}

TEST_F(ServerTest, RefusesHostileRequestsAndCloses) {
  start({.body_bytes = [](const Request&) { return 150U; }});
  for (const Hostile& hostile : hostile_requests()) {
    RawSocket socket = connect();
    socket.send(hostile.bytes);
    const std::string answer = socket.read_all().value_or("never closed");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(hostile.status) + " "))
        << hostile.what << ": " << answer;
    EXPECT_NE(answer.find("{\"error\":{\"code\":"), std::string::npos) << hostile.what;
  }
  EXPECT_EQ(handled_, 0);
  EXPECT_TRUE(ask(get("/ok")).ends_with("GET /ok ")) << "the server has to live on";
}

TEST_F(ServerTest, SmuggledRequestsAreNeverSeen) {
  start();
  RawSocket socket = connect();
  socket.send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 6\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(socket.read_all().value_or("").find("smuggled"), std::string::npos);
  EXPECT_EQ(handled_, 0);
}

TEST_F(ServerTest, ClosesOnThoseWhoTakeTooLong) {
  start({.header_timeout = milliseconds(250), .body_grace = milliseconds(250), .idle_timeout = milliseconds(250)});
  EXPECT_EQ(connect().read_all(), "") << "a connection without a request";
  RawSocket header = connect();
  header.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(header.read_all().value_or("").starts_with("HTTP/1.1 408 "));
  RawSocket body = connect();
  body.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_TRUE(body.read_all().value_or("").starts_with("HTTP/1.1 408 "));
  RawSocket idle = connect();
  idle.send(get("/"));
  EXPECT_TRUE(idle.read_all().value_or("never closed").ends_with("GET / "));
}

TEST_F(ServerTest, AReaderThatStallsIsDropped) {
  start({.write_stall = milliseconds(50)});
  RawSocket socket = connect();
  socket.send(get("/endless"));
  EXPECT_TRUE(stopped_.pass());
}

TEST_F(ServerTest, AVanishedClientStopsItsHandler) {
  start();
  for (const bool reset : {false, true}) {
    RawSocket socket = connect();
    socket.send(get("/until-stopped"));
    ASSERT_TRUE(reached_.pass());
    if (reset) {
      socket.reset();
    } else {
      socket.close();
    }
    EXPECT_TRUE(stopped_.pass());
  }
}

TEST_F(ServerTest, RefusesMoreThanItCanHold) {
  start({.threads = 1, .waiting = 1, .lane = [](const Request& request) {
           return request.target.path == "/quick" ? Lane::kQuick : Lane::kNormal;
         }});
  RawSocket running = connect();
  running.send(get("/hold"));
  ASSERT_TRUE(hold_.wait_for_waiting(1));
  RawSocket waiting = connect();
  waiting.send(get("/next"));
  while (server_->counts().running < 2) std::this_thread::yield();
  const std::string refused = ask(get("/third"));
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429 ")) << refused;
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_TRUE(ask(get("/quick")).ends_with("GET /quick ")) << "health answers while everything else is busy";
  hold_.open();
  EXPECT_TRUE(running.read_response().value_or("").ends_with("GET /hold "));
  EXPECT_TRUE(waiting.read_response().value_or("").ends_with("GET /next "));
}

TEST_F(ServerTest, ManyLongRequestsKeepNoOtherFromBeingAnswered) {
  ServerOptions options{.threads = 1, .waiting = 1, .long_requests = 20};
  options.lane = [](const Request& head) { return head.target.path == "/hold" ? Lane::kLong : Lane::kNormal; };
  start(std::move(options));
  std::vector<RawSocket> held;
  for (int i = 0; i < 20; ++i) held.push_back(connect());
  for (RawSocket& socket : held) socket.send(get("/hold"));
  ASSERT_TRUE(hold_.wait_for_waiting(20));
  EXPECT_TRUE(ask(get("/other")).ends_with("GET /other "));
  hold_.open();
  for (RawSocket& socket : held) EXPECT_TRUE(socket.read_response().value_or("").ends_with("GET /hold "));
}

TEST_F(ServerTest, RefusesConnectionsPastItsCap) {
  start({.connections = 2});
  RawSocket first = connect();
  first.send(get("/1"));
  ASSERT_TRUE(first.read_response());
  {
    RawSocket second = connect();
    second.send(get("/2"));
    ASSERT_TRUE(second.read_response());
    const std::string refused = connect().read_all().value_or("never closed");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  }
  while (server_->counts().connections > 1) std::this_thread::yield();
  EXPECT_TRUE(ask(get("/3")).ends_with("GET /3 "));
}

TEST_F(ServerTest, HoldsOnlySoManyBodyBytes) {
  start({.bodies_in_all = 1000});
  RawSocket first = connect();
  first.send(
      "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n"
      "Expect: 100-continue\r\n\r\n");
  ASSERT_TRUE(first.read_until("\r\n\r\n"));
  EXPECT_TRUE(ask(post("/y", std::string(200, 'y'))).starts_with("HTTP/1.1 503 "));
  first.send(std::string(900, 'x'));
  EXPECT_TRUE(first.read_response().value_or("").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask(post("/y", std::string(900, 'y'))).starts_with("HTTP/1.1 200 ")) << "the bytes have been given back";
}

TEST_F(ServerTest, StopLetsRunningRequestsFinish) {
  start();
  RawSocket socket = connect();
  socket.send(get("/hold"));
  ASSERT_TRUE(hold_.wait_for_waiting(1));
  std::thread stopper([this] { server_->stop(Deadline::never()); });
  while (connect().connected()) std::this_thread::yield();  // It takes nobody new,
  hold_.open();                                             // but the one inside is answered.
  EXPECT_TRUE(socket.read_all().value_or("").ends_with("GET /hold "));
  stopper.join();
}

TEST_F(ServerTest, StopEndsWhatDoesNotFinish) {
  start();
  RawSocket socket = connect();
  socket.send(get("/until-stopped"));
  ASSERT_TRUE(reached_.pass());
  ManualClock clock;
  server_->stop(Deadline::in(seconds(0), clock));
  EXPECT_TRUE(stopped_.pass());
  EXPECT_EQ(socket.read_all(), "");
}

TEST_F(ServerTest, ATakenPortIsAConflict) {
  start();
  EXPECT_EQ(server_->listen_tcp({.port = port_}).error().code, Code::kConflict);
  EXPECT_EQ(server_->listen_tcp({.host = "localhost"}).error().code, Code::kInvalidArgument);
}

TEST_F(ServerTest, ManyConnectionsAtOnce) {
  start({.threads = 4});
  std::vector<std::thread> clients;
  std::atomic<int> good = 0;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      RawSocket socket = connect();
      for (int i = 0; i < 100; ++i) {
        socket.send(post("/x", std::to_string(i)));
        if (socket.read_response().value_or("").ends_with("POST /x " + std::to_string(i))) ++good;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(good, 800);
}

class UnixServerTest : public ServerTest {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "net-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string socket_path() const { return (folder_ / "s.sock").string(); }
  std::filesystem::path folder_;
};

TEST_F(UnixServerTest, ServesItsOwnerOnly) {
  start();
  ASSERT_TRUE(server_->listen_unix(socket_path()));
  struct stat info{};
  ASSERT_EQ(::stat(socket_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  RawSocket socket = RawSocket::unix_socket(socket_path());
  socket.send("POST /u HTTP/1.1\r\nHost: whatever\r\nOrigin: http://evil.test\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_TRUE(socket.read_response().value_or("").ends_with("POST /u x")) << "no origin rules on a Unix socket";
  server_->stop(Deadline::never());
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
}

TEST_F(UnixServerTest, AStreamWaitsForItsReader) {
  start({.stream_bytes = 64U << 10U});
  ASSERT_TRUE(server_->listen_unix(socket_path()));
  RawSocket socket = RawSocket::unix_socket(socket_path());
  socket.send(get("/endless"));
  for (std::size_t got = 0; got < 64U << 20U;) {
    ASSERT_TRUE(socket.skip(got));
    ASSERT_LT(written_, got + (2U << 20U)) << "kernel buffers and 64 KiB, not the whole stream";
  }
  socket.close();
  EXPECT_TRUE(stopped_.pass());
}

TEST_F(UnixServerTest, ReplacesADeadSocketButNothingElse) {
  start();
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_path().data(), socket_path().size());
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ::close(fd);  // As a killed server leaves it.
  }
  ASSERT_TRUE(server_->listen_unix(socket_path()));
  EXPECT_EQ(server_->listen_unix(socket_path()).error().code, Code::kConflict) << "somebody listens";
  const std::string file = (folder_ / "file").string();
  std::ofstream(file) << "precious";
  EXPECT_EQ(server_->listen_unix(file).error().code, Code::kConflict);
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_EQ(server_->listen_unix("/tmp/" + std::string(103, 'x')).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(server_->listen_unix((folder_ / "none" / "s.sock").string()));
}

}  // namespace
}  // namespace docmind::net
