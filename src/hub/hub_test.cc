#include "hub/hub.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/sha256.h"
#include "net/testing/fake_web.h"
#include "sys/part_file.h"
#include "sys/testing/temp_folder.h"

namespace docmind::hub {
namespace {

using net::testing::FakeWeb;

const std::string kCommit(40, 'c');
const std::string kSite = "https://hub.example/base";
const RemoteFile kFile{"owner/name", "main", "sub/model 1.gguf"};

// A hub with one file, which it keeps at another place, and the faults a test wants.
class HubTest : public ::testing::Test {
 protected:
  FakeWeb::Answer answer(const net::WebRequest& request) {
    if (fault && request.method == "GET") {
      if (auto other = fault(request)) return *other;
    }
    if (request.url == "https://cdn.example/blob") return blob(request);
    if (request.url != kSite + "/owner/name/resolve/main/sub/model%201.gguf") return {{.status = 404}};
    return {{.status = 302,
             .headers = {{"Location", "https://cdn.example/blob"},
                         {"X-Repo-Commit", kCommit},
                         {"X-Linked-Etag", "\"" + tag() + "\""},
                         {"X-Linked-Size", size.empty() ? std::to_string(bytes.size()) : size}}}};
  }
  FakeWeb::Answer blob(const net::WebRequest& request) {
    const auto range = request.headers.find("Range");
    const std::size_t first = range ? std::stoul(std::string(range->substr(6))) : 0;
    std::string body = bytes.substr(first);
    const bool cut = !pieces.empty() && pieces.front() < body.size();
    if (cut) body.resize(pieces.front());
    if (!pieces.empty()) pieces.erase(pieces.begin());
    net::Response response{.status = range ? 206 : 200, .headers = {{"ETag", "\"cdn\""}}, .body = body};
    if (range) {
      response.headers.add("Content-Range", "bytes " + std::to_string(first) + "-" + std::to_string(bytes.size() - 1) +
                                                "/" + std::to_string(bytes.size()));
    }
    return {std::move(response), cut};
  }
  std::string tag() const { return wrong_tag.empty() ? Sha256().add(bytes).hex() : wrong_tag; }

  Result<FileFacts> fetch() {
    FetchOptions options;
    options.stop = stop.get_token();
    options.on_retry = [this](const Error& why, Duration) { retries.push_back(why.message); };
    auto hub = Hub::open({.endpoint = kSite + "/"}, deps());
    EXPECT_TRUE(hub);
    return hub->fetch(kFile, target(), options);
  }
  HubDeps deps() {
    return {web, files, [this](Duration pause, const std::stop_token&) -> Result<> {
              pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(pause).count());
              if (during_pause) during_pause();
              return {};
            }};
  }
  std::filesystem::path target() const { return folder / "m.gguf"; }
  std::string there(const char* suffix = "") {
    const auto read = files.read(target().string() + suffix, 64U << 20U);
    return read ? *read : "<none>";
  }
  std::vector<std::string> ranges() const {  // Of the requests for bytes.
    std::vector<std::string> out;
    for (const auto& request : web.asked) {
      if (request.method == "GET" && request.url.starts_with("https://cdn")) {
        out.emplace_back(request.headers.find("Range").value_or("all"));
      }
    }
    return out;
  }

  sys::TempFolder folder;
  sys::RealFiles files;
  std::string bytes = "0123456789abcdef";
  std::string wrong_tag;
  std::string size;
  std::vector<std::size_t> pieces;  // Where the next connections break.
  std::function<std::optional<FakeWeb::Answer>(const net::WebRequest&)> fault;
  std::function<void()> during_pause;
  std::stop_source stop;
  std::vector<std::int64_t> pauses;
  std::vector<std::string> retries;
  FakeWeb web{[this](const net::WebRequest& request) { return answer(request); }};
};

TEST_F(HubTest, FetchesAFileFromWhereTheHubSendsIt) {
  const auto facts = fetch();
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->commit, kCommit);
  EXPECT_EQ(facts->size, bytes.size());
  EXPECT_EQ(there(), bytes);
  EXPECT_EQ(there(".part"), "<none>");
  ASSERT_TRUE(fetch());  // A second time: it is there.
  EXPECT_EQ(ranges(), std::vector<std::string>{"all"});
  EXPECT_EQ(there(".part"), "<none>");
}

TEST_F(HubTest, GoesOnWhereTheConnectionBroke) {
  pieces = {5, 0, 3};
  ASSERT_TRUE(fetch());
  EXPECT_EQ(there(), bytes);
  EXPECT_EQ(ranges(), (std::vector<std::string>{"all", "bytes=5-", "bytes=5-", "bytes=8-"}));
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{1, 2, 4}));
  EXPECT_EQ(retries.size(), 3U);
}

TEST_F(HubTest, GivesUpAfterSomeAttemptsAndGoesOnNextTime) {
  pieces = {4, 0, 0, 0, 0};
  const auto failed = fetch();
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_NE(failed.error().hint.find("goes on at"), std::string::npos) << failed.error().hint;
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{1, 2, 4, 8}));
  EXPECT_EQ(there(".part"), bytes.substr(0, 4));
  EXPECT_EQ(there(), "<none>");
  web.asked.clear();
  ASSERT_TRUE(fetch());
  EXPECT_EQ(ranges(), std::vector<std::string>{"bytes=4-"});
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, ProgressRenewsTheAttempts) {
  bytes.assign(12U << 20U, 'x');
  pieces.assign(10, 1U << 20U);
  ASSERT_TRUE(fetch());
  EXPECT_EQ(pauses.size(), 10U);
}

TEST_F(HubTest, AFileThatChangedBetweenAttemptsStartsAnew) {
  pieces = {6};
  during_pause = [this] { bytes = "another file altogether"; };
  ASSERT_TRUE(fetch());
  EXPECT_EQ(ranges(), (std::vector<std::string>{"all", "all"}));
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, AFileThatChangesWithinAnAttemptIsAskedForAgain) {
  int gets = 0;
  fault = [&](const net::WebRequest&) -> std::optional<FakeWeb::Answer> {
    if (++gets == 1) bytes = "changed since the hub was asked";
    return std::nullopt;
  };
  ASSERT_TRUE(fetch());
  EXPECT_EQ(retries.size(), 1U);
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, BytesWithAnotherChecksumAreThrownAway) {
  wrong_tag = std::string(64, '0');
  const auto failed = fetch();
  EXPECT_EQ(failed.error().code, Code::kDataLoss);
  EXPECT_NE(failed.error().message.find("SHA-256"), std::string::npos);
  EXPECT_TRUE(files.list(folder.path())->empty());
  EXPECT_TRUE(pauses.empty());
}

TEST_F(HubTest, WithoutAChecksumItIsNotFetched) {
  wrong_tag = "abc";
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);
  EXPECT_TRUE(ranges().empty());
  auto hub = Hub::open({.endpoint = kSite}, deps());
  FetchOptions options;
  options.checksum = Checksum::kIfTold;
  EXPECT_TRUE(hub->fetch(kFile, target(), options));
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, SizesMustAgree) {
  size = "10";  // The file has more.
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);
  EXPECT_TRUE(files.list(folder.path())->empty());
  size = "17";                                       // One byte never comes.
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);  // The parts' Content-Range says another total.
  size = "1e9";
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);
  size = "2000000000000";
  const auto full = fetch();
  EXPECT_EQ(full.error().code, Code::kResourceExhausted);
  EXPECT_NE(full.error().message.find("left"), std::string::npos);
  EXPECT_TRUE(files.list(folder.path())->empty());
}

TEST_F(HubTest, AServerThatKnowsNoRangesSendsItAll) {
  pieces = {7};
  fault = [&](const net::WebRequest& request) -> std::optional<FakeWeb::Answer> {
    if (!request.headers.find("Range") || request.url.starts_with(kSite)) return std::nullopt;
    return FakeWeb::Answer{{.status = 200, .body = bytes}};
  };
  ASSERT_TRUE(fetch());
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, AnotherPartThanAskedForIsRefused) {
  pieces = {7};
  fault = [&](const net::WebRequest& request) -> std::optional<FakeWeb::Answer> {
    if (!request.headers.find("Range") || request.url.starts_with(kSite)) return std::nullopt;
    return FakeWeb::Answer{{.status = 206, .headers = {{"Content-Range", "bytes 3-15/16"}}, .body = bytes.substr(3)}};
  };
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);
  EXPECT_EQ(there(), "<none>");
}

TEST_F(HubTest, ARangeThatIsNotThereStartsAnew) {
  pieces = {7};
  bool once = true;
  fault = [&](const net::WebRequest& request) -> std::optional<FakeWeb::Answer> {
    if (!request.headers.find("Range") || request.url.starts_with(kSite) || !std::exchange(once, false)) return {};
    return FakeWeb::Answer{{.status = 416}};
  };
  ASSERT_TRUE(fetch());
  EXPECT_EQ(there(), bytes);
}

TEST_F(HubTest, RedirectsAreBoundedAndStaySafe) {
  fault = [&](const net::WebRequest& request) -> std::optional<FakeWeb::Answer> {
    return FakeWeb::Answer{{.status = 302, .headers = {{"Location", request.url + "x"}}}};
  };
  EXPECT_EQ(fetch().error().code, Code::kDataLoss);
  EXPECT_EQ(web.asked.size(), 7U);  // HEAD, then GET and five redirects.
  for (const char* place : {"http://cdn.example/x", "file:///etc/passwd", "", "http://127.0.0.1/x"}) {
    fault = [&](const net::WebRequest&) -> std::optional<FakeWeb::Answer> {
      return FakeWeb::Answer{{.status = 302, .headers = {{"Location", place}}}};
    };
    EXPECT_EQ(fetch().error().code, Code::kDataLoss) << place;
  }
  EXPECT_TRUE(files.list(folder.path())->empty());
}

TEST_F(HubTest, WhatTheHubRefuses) {
  const std::pair<int, Code> cases[] = {
      {401, Code::kUnauthorized}, {403, Code::kUnauthorized}, {404, Code::kNotFound}, {429, Code::kRateLimited},
      {500, Code::kUnavailable},  {503, Code::kUnavailable},  {400, Code::kDataLoss}, {204, Code::kDataLoss}};
  for (const auto& [status, code] : cases) {
    fault = [answered = status](const net::WebRequest&) { return FakeWeb::Answer{{.status = answered}}; };
    pauses.clear();
    EXPECT_EQ(fetch().error().code, code) << status;
    EXPECT_EQ(pauses.size(), retryable(code) ? 4U : 0U) << status;
  }
}

TEST_F(HubTest, AStopLeavesWhatThereIs) {
  pieces = {5};
  during_pause = [this] { stop.request_stop(); };
  const auto stopped = fetch();
  EXPECT_EQ(stopped.error().code, Code::kCancelled);
  EXPECT_NE(stopped.error().hint.find("goes on"), std::string::npos);
  EXPECT_EQ(there(".part"), bytes.substr(0, 5));
}

TEST_F(HubTest, OneProcessAtATime) {
  const auto other = *sys::PartFile::open(target().string() + ".part");
  EXPECT_EQ(fetch().error().code, Code::kConflict);
}

TEST_F(HubTest, NamesAreChecked) {
  auto hub = Hub::open({.endpoint = kSite}, deps());
  EXPECT_FALSE(hub->fetch({"../x", "main", "a"}, target(), {}));
  EXPECT_FALSE(hub->fetch({"a/b", "..", "a"}, target(), {}));
  EXPECT_FALSE(hub->fetch({"a/b", "main", "../../a"}, target(), {}));
  EXPECT_FALSE(hub->list("a", "main", {}));
  EXPECT_TRUE(web.asked.empty());
  for (const char* bad : {"", "hub.example", "http://hub.example", "https://h/?a", "https://h/#a"}) {
    EXPECT_FALSE(Hub::open({.endpoint = bad}, deps())) << bad;
  }
}

TEST_F(HubTest, ListsARepository) {
  fault = [&](const net::WebRequest& request) -> std::optional<FakeWeb::Answer> {
    EXPECT_EQ(request.url, kSite + "/api/models/owner/name/revision/refs%2Fpr%2F1");
    return FakeWeb::Answer{{.body = R"({"sha":")" + kCommit + R"(","siblings":[{"rfilename":"a"}]})"}};
  };
  auto hub = Hub::open({.endpoint = kSite}, deps());
  EXPECT_EQ(hub->list("owner/name", "refs/pr/1", {})->files, std::vector<std::string>{"a"});
  fault = [](const net::WebRequest&) { return FakeWeb::Answer{{.status = 404}}; };
  EXPECT_EQ(hub->list("owner/name", "main", {}).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace docmind::hub
