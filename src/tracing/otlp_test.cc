#include "tracing/otlp.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::tracing {
namespace {

// As the specification's example has it: examples/trace.json of opentelemetry-proto, with our names.
TEST(Otlp, ABodyIsAsTheJsonMappingHasIt) {
  const TraceContext place{.high = 0x5b8efff798038103, .low = 0xd269b633813fc60c, .span = 0xeee19b7ec3c1b174};
  Span whole{.place = place,
             .name = "POST /api/ask",
             .kind = SpanKind::kServer,
             .began = 1544712660000000000,
             .ended = 1544712661000000001,
             .attributes = {{"http.response.status_code", std::int64_t{200}}, {"a", true}, {"b", 0.5}, {"c", "x\"y"}}};
  Span child{
      .place = place, .name = "chat m", .kind = SpanKind::kClient, .began = 1, .ended = 2, .error = "unavailable"};
  child.place.span = 0xf;
  child.place.parent = place.span;
  child.attributes.emplace_back("d", std::vector<std::string>{"stop", "length"});
  const std::vector<Span> spans{whole, child};
  const auto read = parse_json(to_otlp(spans, {.version = "1.2", .instance = "i"}));
  ASSERT_TRUE(read);
  EXPECT_EQ(
      *read,
      *parse_json(
          R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"docmind"}},)"
          R"({"key":"service.version","value":{"stringValue":"1.2"}},)"
          R"({"key":"service.instance.id","value":{"stringValue":"i"}}]},)"
          R"("scopeSpans":[{"scope":{"name":"docmind","version":"1.2"},"spans":[)"
          R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"POST /api/ask","kind":2,)"
          R"("startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000001","attributes":[)"
          R"({"key":"http.response.status_code","value":{"intValue":"200"}},{"key":"a","value":{"boolValue":true}},)"
          R"({"key":"b","value":{"doubleValue":0.5}},{"key":"c","value":{"stringValue":"x\"y"}}]},)"
          R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"000000000000000f",)"
          R"("parentSpanId":"eee19b7ec3c1b174","name":"chat m","kind":3,"startTimeUnixNano":"1","endTimeUnixNano":"2",)"
          R"("attributes":[{"key":"d","value":{"arrayValue":{"values":[{"stringValue":"stop"},{"stringValue":"length"}]}}},)"
          R"({"key":"error.type","value":{"stringValue":"unavailable"}}],"status":{"code":2}}]}]}]})"));
}

TEST(Otlp, WithoutSpansThereAreNone) {
  const auto read = parse_json(to_otlp({}, {}));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array().empty());
}

}  // namespace
}  // namespace docmind::tracing
