// The OpenAPI document, the table of routes and docs/api.md say the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

using ::testing::IsSupersetOf;

boost::json::value document() {
  testing::FakeService service;
  obs::Metrics metrics;
  const ManualClock clock;
  Routes routes({}, service, metrics, clock);
  net::testing::RecordingWriter writer;
  routes.handle({.target = {.path = "/api/openapi.json"}}, writer);
  EXPECT_EQ(writer.response.status, 200);
  return *parse_json(writer.response.body);
}

// "GET /api/documents/{}": however a placeholder is called.
std::string line(std::string_view method, std::string_view pattern) {
  return std::string(method) + " " + std::regex_replace(std::string(pattern), std::regex(R"(\{\w+\})"), "{}");
}

std::set<std::string> routes_of_the_table() {
  std::set<std::string> out;
  for (const DeclaredRoute& route : Routes::declared()) out.insert(line(route.method, route.pattern));
  return out;
}

// The first cells of the table there: `METHOD /path?query`, also without a method where it is that of the one before.
std::set<std::string> routes_of_the_page() {
  std::ifstream file(std::string(DOCMIND_SOURCE_DIR) + "/docs/api.md");
  std::set<std::string> out;
  const std::regex route(R"(`(?:([A-Z]+) )?(/[^`? ]*)[^`]*`)");
  for (std::string text; std::getline(file, text);) {
    if (!text.starts_with("| `") || text.find("the web interface;") != std::string::npos) continue;
    const std::string cell = text.substr(0, text.find(" |", 1));
    std::string method;
    for (std::sregex_iterator at(cell.begin(), cell.end(), route), end; at != end; ++at) {
      if ((*at)[1].matched) method = (*at)[1];
      out.insert(line(method, (*at)[2].str()));
    }
  }
  return out;
}

TEST(OpenApi, HasEveryRouteAndNoOther) {
  std::set<std::string> documented;
  const boost::json::value whole = document();
  EXPECT_EQ(whole.at("openapi").as_string(), "3.1.0");
  for (const auto& [path, methods] : whole.at("paths").as_object()) {
    for (const auto& [method, operation] : methods.as_object()) {
      std::string upper(method);
      std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
      documented.insert(line(upper, path));
      EXPECT_FALSE(operation.at("summary").as_string().empty())
          << upper << " " << path << " does not say what it is for";
      EXPECT_TRUE(operation.at("responses").as_object().size() > 10);
    }
  }
  EXPECT_EQ(documented, routes_of_the_table());
}

TEST(OpenApi, ThePageHasEveryRouteAndNoOther) { EXPECT_EQ(routes_of_the_page(), routes_of_the_table()); }

TEST(OpenApi, SaysWhichKeyARouteNeeds) {
  const boost::json::value whole = document();
  for (const DeclaredRoute& route : Routes::declared()) {
    std::string method(route.method);
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c + 32); });
    const boost::json::value& operation = whole.at("paths").at(route.pattern).at(method);
    const boost::json::value& scope = operation.at("x-scope");
    if (route.scope) {
      EXPECT_EQ(scope.as_string(), name(*route.scope)) << route.pattern;
      EXPECT_FALSE(operation.at("security").as_array().empty());
    } else {
      EXPECT_TRUE(scope.is_null() && operation.at("security").as_array().empty()) << route.pattern;
    }
  }
}

}  // namespace
}  // namespace docmind::server
