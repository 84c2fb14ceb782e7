#include "net/multipart.h"

#include <gtest/gtest.h>

namespace docmind::net {
namespace {

using namespace std::string_literals;  // "..."s keeps a NUL.

constexpr std::string_view kType = "multipart/form-data; boundary=XX";

std::string part(std::string_view disposition, std::string_view bytes) {
  return "--XX\r\nContent-Disposition: " + std::string(disposition) + "\r\n\r\n" + std::string(bytes) + "\r\n";
}

TEST(Multipart, ReadsFieldsAndFiles) {
  const std::string bytes = "a\0b\r\n--X\r\n\xFF"s;
  const std::string body = "preamble\r\n" + part("form-data; name=\"note\"", "") +
                           "--XX\r\nContent-Type: application/pdf\r\ncontent-disposition: form-data; name=file; "
                           "filename=\"\xE6\x96\x87 %22a%22 \\\"b\\\" C:\\x.pdf\"\r\n\r\n" +
                           bytes + "\r\n--XX--\r\nepilogue";
  const auto parts = parse_multipart("Multipart/Form-Data; charset=utf-8; boundary=\"XX\"", body);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ(parts->at(0).name, "note");
  EXPECT_EQ(parts->at(0).file_name, std::nullopt);
  EXPECT_EQ(parts->at(0).bytes, "");
  EXPECT_EQ(parts->at(1).name, "file");
  EXPECT_EQ(parts->at(1).file_name, "\xE6\x96\x87 \"a\" \"b\" C:\\x.pdf");
  EXPECT_EQ(parts->at(1).content_type, "application/pdf");
  EXPECT_EQ(parts->at(1).bytes, bytes);
}

TEST(Multipart, AnEmptyFormHasNoParts) {
  const auto parts = parse_multipart(kType, "--XX--\r\n");
  ASSERT_TRUE(parts);
  EXPECT_TRUE(parts->empty());
}

TEST(Multipart, RefusesWhatIsBroken) {
  const std::string good = part("form-data; name=\"a\"", "1");
  for (const std::string& body :
       {std::string(), std::string("--XX"), std::string("--XXX--"), good, good + "--XX", good + "--XX-",
        std::string("--XX\r\n\r\nno name\r\n--XX--"), std::string("--XX\r\nno colon\r\n\r\nx\r\n--XX--"),
        part("form-data", "x") + "--XX--", part("attachment; name=\"a\"", "x") + "--XX--",
        part("form-data; name=\"a", "x") + "--XX--", part("form-data; name=\"a\"; name=\"b\"", "x") + "--XX--",
        part("form-data; name=\"\xFF\"", "x") + "--XX--",
        part("form-data; name=\"a\"; filename=\"\0\""s, "x") + "--XX--"}) {
    const auto parts = parse_multipart(kType, body);
    ASSERT_FALSE(parts) << body;
    EXPECT_EQ(parts.error().code, Code::kInvalidArgument);
  }
  for (const std::string& type :
       {std::string("application/json"), std::string("multipart/form-data"),
        std::string("multipart/form-data; boundary="), "multipart/form-data; boundary=" + std::string(71, 'x'),
        std::string("multipart/form-data; boundary"), std::string("multipart/mixed; boundary=XX")}) {
    EXPECT_FALSE(parse_multipart(type, good + "--XX--")) << type;
  }
}

TEST(Multipart, IsBounded) {
  std::string body;
  for (int i = 0; i < 5; ++i) body += part("form-data; name=\"a\"", "1");
  body += "--XX--";
  EXPECT_EQ(parse_multipart(kType, body, {.parts = 4}).error().code, Code::kResourceExhausted);
  EXPECT_TRUE(parse_multipart(kType, body, {.parts = 5}));
  const std::string long_header = part("form-data; name=\"" + std::string(5000, 'x') + "\"", "1") + "--XX--";
  EXPECT_EQ(parse_multipart(kType, long_header).error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace docmind::net
