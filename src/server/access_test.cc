// Who gets through to which route, over a real socket: every line of the table with every kind of caller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "access/testing/temp_keys.h"
#include "base/json.h"
#include "net/client.h"
#include "net/testing/raw_socket.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

using access::Scope;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct AccessTest : ::testing::Test {
  void start(GateOptions gate = {.keys_needed = true}) {
    routes = std::make_unique<Routes>(RoutesOptions{.keys = keys.get(), .gate = gate}, service, metrics, clock);
    net::ServerOptions options;
    options.refuse = [this](const net::Request& head) { return routes->refuse(head); };
    options.body_bytes = [this](const net::Request& head) { return routes->body_bytes(head); };
    options.lane = Routes::lane;
    auto opened = net::Server::open(std::move(options), [this](const net::Request& request, net::ResponseWriter& out) {
      routes->handle(request, out);
    });
    ASSERT_TRUE(opened);
    server = *std::move(opened);
    const auto port = server->listen_tcp({});
    ASSERT_TRUE(port);
    here.port = *port;
  }

  net::Response send(const std::string& method, const std::string& path, const net::Headers& headers,
                     const std::string& body = "{}") {
    net::Request request{.method = method, .target = *net::Target::parse(path), .headers = headers};
    if (method == "POST") {
      request.headers.set("Content-Type", "application/json");
      request.body = body;
    }
    if (path == "/api/events") return first_of(request);
    const auto response = client->send(here, request);
    EXPECT_TRUE(response) << method << " " << path << ": " << response.error().message;
    return response ? *response : net::Response{.status = 0};
  }

  // Of a stream that has no end: one piece is enough, and there is none but of a 200.
  net::Response first_of(const net::Request& request) {
    bool began = false;
    const auto response = client->send(here, request, {.on_data = [&began](std::string_view) -> Result<> {
                                         began = true;
                                         return Error{Code::kCancelled, "one piece is enough"};
                                       }});
    return response ? *response : net::Response{.status = began ? 200 : 0};
  }

  std::string key(std::vector<Scope> scopes, std::optional<std::int64_t> expires_ms = std::nullopt) {
    return keys->add("", std::move(scopes), expires_ms)->secret;
  }
  static net::Headers bearing(const std::string& secret) { return {{"Authorization", "Bearer " + secret}}; }

  ManualClock clock;
  access::testing::TempKeys keys{clock};
  testing::FakeService service;
  obs::Metrics metrics;
  std::unique_ptr<Routes> routes;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<net::Client> client = *net::Client::open();
  net::Endpoint here;
};

// A template with something in the place of {id} and {page}.
std::string filled(std::string_view pattern) {
  std::string out(pattern);
  for (const auto& [placeholder, with] : {std::pair("{id}", "x"), std::pair("{page}", "1")}) {
    if (const auto at = out.find(placeholder); at != std::string::npos) {
      out.replace(at, std::string_view(placeholder).size(), with);
    }
  }
  return out;
}

struct Caller {
  std::string name;
  net::Headers headers;
  std::vector<Scope> scopes;  // What it may do.
};

// What a route that needs this scope owes to such a caller; 0: whatever the route itself says.
int owed(std::optional<Scope> needed, const Caller& caller) {
  if (!needed) return 0;
  if (caller.scopes.empty()) return 401;
  return access::Key{.scopes = caller.scopes}.covers(*needed) ? 0 : 403;
}

TEST_F(AccessTest, EveryRouteLetsInWhomItDeclaresAndNobodyElse) {
  start();
  const std::string revoked = key({Scope::kAdmin});
  ASSERT_TRUE(keys->revoke(keys->list().back().id));
  const std::string expired = key({Scope::kAdmin}, 1000);
  clock.advance(std::chrono::seconds(1));
  const std::vector<Caller> callers = {
      {"no key", {}, {}},
      {"a wrong key", bearing("dmk_" + std::string(64, '0')), {}},
      {"no key at all", bearing(""), {}},
      {"a revoked key", bearing(revoked), {}},
      {"an expired key", bearing(expired), {}},
      {"ask", bearing(key({Scope::kAsk})), {Scope::kAsk}},
      {"ingest", bearing(key({Scope::kIngest})), {Scope::kIngest}},
      {"admin", bearing(key({Scope::kAdmin})), {Scope::kAdmin}},
      {"ask and ingest", bearing(key({Scope::kAsk, Scope::kIngest})), {Scope::kAsk, Scope::kIngest}},
  };
  const net::Headers admin = bearing(key({Scope::kAdmin}));
  const std::vector<DeclaredRoute> table = Routes::declared();
  ASSERT_GT(table.size(), 50U);
  for (const DeclaredRoute& route : table) {
    const std::string method(route.method);
    const std::string path = filled(route.pattern);
    SCOPED_TRACE(method + " " + path);
    for (const Caller& caller : callers) {
      const int status = send(method, path, caller.headers).status;
      const int wanted = owed(route.scope, caller);
      if (wanted != 0) EXPECT_EQ(status, wanted) << caller.name;
      if (wanted == 0) EXPECT_TRUE(status != 401 && status != 403 && status != 429) << caller.name << " " << status;
    }
    net::Headers foreign = admin;
    foreign.set("Host", "evil.test");
    EXPECT_EQ(send(method, path, foreign).status, 421);
    foreign = admin;
    foreign.set("Origin", "http://evil.test");
    EXPECT_EQ(send(method, path, foreign).status, 403);
  }
}

// The table itself: what it declares is not held to anything else.
TEST_F(AccessTest, LittleIsOpenAndWhatRulesOthersIsForAdmins) {
  std::vector<std::string> open;
  for (const DeclaredRoute& route : Routes::declared()) {
    const std::string line = std::string(route.method) + " " + std::string(route.pattern);
    if (!route.scope) open.push_back(line);
    const bool rules = route.pattern.starts_with("/api/keys") || route.pattern.starts_with("/api/settings") ||
                       route.pattern.starts_with("/api/backends/");
    const bool documents = route.pattern.starts_with("/api/documents") || route.pattern == "/api/ingest";
    if (rules) EXPECT_EQ(route.scope, Scope::kAdmin) << line;
    if (documents && route.method != "GET") EXPECT_EQ(route.scope, Scope::kIngest) << line;
  }
  EXPECT_THAT(open, ::testing::UnorderedElementsAre("GET /health/live", "GET /api/openapi.json", "GET /api/sign-in",
                                                    "POST /api/sign-in", "DELETE /api/sign-in"));
}

TEST_F(AccessTest, AnUnknownAddressChangesNothingWithoutAKey) {
  start();
  for (const char* method : {"POST", "DELETE", "PUT"}) {
    EXPECT_EQ(send(method, "/no/such/route", {}).status, 401) << method;
    EXPECT_EQ(send(method, "/no/such/route", bearing(key({Scope::kAsk}))).status, 404) << method;
  }
  EXPECT_EQ(send("GET", "/no/such/route", {}).status, 404);
  EXPECT_EQ(send("GET", "/", {}).status, 200) << "the interface itself, where one signs in";
}

TEST_F(AccessTest, AKeyIsTakenInEveryFormThatClientsHave) {
  start();
  const std::string good = key({Scope::kAsk});
  const std::string bad = "dmk_" + std::string(64, '1');
  const auto status = [&](const net::Headers& headers) { return send("GET", "/api/documents", headers).status; };
  EXPECT_EQ(status({{"Authorization", "Bearer " + good}}), 200);
  EXPECT_EQ(status({{"authorization", "bearer " + good}}), 200);
  EXPECT_EQ(status({{"x-api-key", good}}), 200);
  EXPECT_EQ(status({{"X-Api-Key", bad}}), 401);
  EXPECT_EQ(status({{"Cookie", "a=b; docmind_key=" + good + "; c=d"}}), 200);
  EXPECT_EQ(status({{"Cookie", "docmind_key=" + bad}}), 401);
  EXPECT_EQ(status({{"Cookie", "xdocmind_key=" + good}}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer " + bad}, {"Cookie", "docmind_key=" + good}}), 401)
      << "a program's first";
  EXPECT_EQ(status({{"Authorization", "Basic YTpi"}, {"x-api-key", good}}), 200) << "a proxy's own";
  EXPECT_EQ(status({{"Authorization", good}}), 401);
  EXPECT_EQ(status({{"Authorization", "Bearer"}}), 401);
}

TEST_F(AccessTest, RefusalsSayWhatToDoInTheShapeOfTheirApi) {
  start();
  const net::Response ours = send("GET", "/api/documents", {});
  EXPECT_EQ(ours.headers.find("WWW-Authenticate"), "Bearer");
  EXPECT_THAT(ours.body, StartsWith(R"({"error":{"code":"unauthorized","message":"this server wants a key","hint":)"));
  EXPECT_THAT(send("POST", "/v1/chat/completions", {}).body, HasSubstr(R"("type":)"));
  EXPECT_THAT(send("POST", "/v1/messages", {}).body, StartsWith(R"({"type":"error")"));
  EXPECT_THAT(send("POST", "/api/ingest", bearing(key({Scope::kAsk}))).body,
              HasSubstr("a key with the scope ingest; this one has ask"));
  EXPECT_THAT(metrics.text(),
              HasSubstr(R"(docmind_http_requests_total{method="GET",route="/api/documents",status="401"})"));
}

TEST_F(AccessTest, ARefusedUploadIsNotRead) {
  start();
  auto socket = net::testing::RawSocket::tcp(here.port);
  ASSERT_TRUE(
      socket.send("POST /api/documents HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
                  "boundary=x\r\nContent-Length: 200000000\r\n\r\n"));
  EXPECT_THAT(socket.read_all().value_or(""), StartsWith("HTTP/1.1 401 "));
}

TEST_F(AccessTest, ThisMachineAloneNeedsNoKey) {
  start({});
  EXPECT_EQ(send("GET", "/api/documents", {}).status, 200);
  EXPECT_EQ(send("GET", "/api/keys", bearing("any")).status, 200) << "clients that must have a key send some";
}

TEST_F(AccessTest, KeysAreMadeShownAndRevokedThroughTheApi) {
  start();
  const std::string admin = key({Scope::kAdmin});
  const net::Response made =
      send("POST", "/api/keys", bearing(admin), R"({"name":"phone","scopes":["ask"],"expires_ms":9000})");
  ASSERT_EQ(made.status, 200) << made.body;
  const boost::json::value body = *parse_json(made.body);
  const std::string secret(body.at("key").as_string());
  EXPECT_EQ(send("GET", "/api/documents", bearing(secret)).status, 200);
  const std::string list = send("GET", "/api/keys", bearing(admin)).body;
  EXPECT_THAT(list, HasSubstr(R"("name":"phone","scopes":["ask"],"made_ms":0,"expires_ms":9000)"));
  EXPECT_EQ(list.find(secret), std::string::npos);
  EXPECT_EQ(send("DELETE", "/api/keys/" + std::string(body.at("id").as_string()), bearing(admin)).status, 200);
  EXPECT_EQ(send("GET", "/api/documents", bearing(secret)).status, 401) << "at once";
  EXPECT_EQ(send("DELETE", "/api/keys/nobody", bearing(admin)).status, 404);
  for (const char* wrong :
       {"{}", R"({"scopes":[]})", R"({"scopes":["root"]})", R"({"scopes":"ask"})", R"({"scopes":["ask"],"name":7})",
        R"({"scopes":["ask"],"name":"a\nb"})", R"({"scopes":["ask"],"expires_ms":0})",
        R"({"scopes":["ask"],"expires_ms":"2030"})", R"({"scopes":["ask"],"for":"ever"})"}) {
    EXPECT_EQ(send("POST", "/api/keys", bearing(admin), wrong).status, 400) << wrong;
  }
}

TEST_F(AccessTest, ABrowserSignsInAndOut) {
  start();
  const std::string secret = key({Scope::kAsk});
  EXPECT_EQ(send("GET", "/api/sign-in", {}).body, R"({"needed":true,"name":null,"scopes":[]})");
  const std::string body = R"({"key":")" + secret + "\"}";
  const net::Response in = send("POST", "/api/sign-in", {}, body);
  ASSERT_EQ(in.status, 200);
  EXPECT_EQ(in.body.find(secret), std::string::npos);
  const std::string cookie(in.headers.find("Set-Cookie").value_or(""));
  EXPECT_EQ(cookie, "docmind_key=" + secret + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000");
  const net::Headers remembered = {{"Cookie", cookie.substr(0, cookie.find(';'))}};
  EXPECT_EQ(send("GET", "/api/documents", remembered).status, 200);
  EXPECT_EQ(send("GET", "/api/sign-in", remembered).body, R"({"needed":true,"name":"","scopes":["ask"]})");
  const std::string port = std::to_string(here.port);
  EXPECT_THAT(send("POST", "/api/sign-in", {{"Origin", "https://127.0.0.1:" + port}}, body).headers.find("Set-Cookie"),
              ::testing::Optional(HasSubstr("; Secure")));
  EXPECT_EQ(send("POST", "/api/sign-in", {}, R"({"key":"dmk_wrong"})").status, 401);
  EXPECT_EQ(send("POST", "/api/sign-in", {}, R"({"key":7})").status, 400);
  EXPECT_EQ(send("POST", "/api/sign-in", {}, std::string(5000, ' ')).status, 413) << "anybody may send it";
  EXPECT_THAT(send("DELETE", "/api/sign-in", remembered).headers.find("Set-Cookie"),
              ::testing::Optional(HasSubstr("docmind_key=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0")));
}

TEST_F(AccessTest, TooManyRequestsWait) {
  start({.keys_needed = true, .requests_per_minute = 60});
  const std::string secret = key({Scope::kAsk});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send("GET", "/health/live", {}).status, 200) << i;
  const net::Response refused = send("GET", "/health/live", {});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.find("Retry-After"), "1");
  EXPECT_EQ(send("GET", "/api/documents", bearing("dmk_wrong")).status, 429) << "without a good key it is the address";
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(send("GET", "/api/documents", bearing(secret)).status, 200) << "a key has its own";
  EXPECT_EQ(send("GET", "/api/documents", bearing(secret)).status, 429);
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(send("GET", "/api/documents", bearing(secret)).status, 200);
  EXPECT_EQ(send("GET", "/health/live", {}).status, 200);
}

}  // namespace
}  // namespace docmind::server
