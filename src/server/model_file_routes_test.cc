#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <future>
#include <thread>

#include "base/json.h"
#include "net/testing/recording_writer.h"
#include "server/routes.h"
#include "server/testing/fake_service.h"

namespace docmind::server {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// One model; the work of a job lasts until it is stopped, unless it is called "quick".
class FakeModelFiles final : public ModelFiles {
 public:
  Result<json::array> list() override {
    return json::array{json::object{{"name", "one"}, {"bytes", 5}, {"usable", true}}};
  }
  Result<json::object> plan(const json::object& asked, Deadline, std::stop_token) override { return asked; }
  Result<JobWork> pull(const json::object& asked) override { return work(asked); }
  Result<JobWork> import(const json::object& asked) override { return work(asked); }
  Result<> remove(const std::string& name) override {
    if (name == "used") return Error{Code::kConflict, "a setting names it"};
    removed = name;
    return {};
  }

  std::string removed{};

 private:
  static Result<JobWork> work(const json::object& asked) {
    const bool quick = asked.contains("name") && asked.at("name") == "quick";
    if (asked.contains("type") && asked.at("type") == "none") return Error{Code::kInvalidArgument, "no such type"};
    return JobWork([quick](const JobTold& told, const std::stop_token& stop) -> Result<json::object> {
      told.progress("working", 1, 2);
      if (quick) return json::object{{"name", "quick"}};
      std::promise<void> stopped;
      const std::stop_callback call(stop, [&] { stopped.set_value(); });
      stopped.get_future().wait();
      return Error{Code::kCancelled, "stopped"};
    });
  }
};

struct ModelFileRoutesTest : ::testing::Test {
  net::Response send(const std::string& method, const std::string& target, const std::string& body = {},
                     net::Peer peer = net::Peer::kUnixSocket) {
    net::testing::RecordingWriter writer;
    routes.handle({.method = method, .target = *net::Target::parse(target), .headers = {}, .body = body, .peer = peer},
                  writer);
    return writer.response;
  }
  json::object jobs_newest() { return parse_json(send("GET", "/api/models/jobs").body)->at("jobs").at(0).as_object(); }
  std::string settled() {
    while (jobs_newest().at("state") == "running") std::this_thread::yield();
    return std::string(jobs_newest().at("state").as_string());
  }

  ManualClock clock;
  SeededRng rng{1};
  obs::Metrics metrics;
  testing::FakeService service;
  FakeModelFiles files;
  std::unique_ptr<ModelJobs> jobs = *ModelJobs::open(clock, rng);
  Routes routes{{.paths_over_tcp = PathsOverTcp::kRefused, .model_files = {.files = &files, .jobs = jobs.get()}},
                service,
                metrics,
                clock};
};

TEST_F(ModelFileRoutesTest, FilesAreListedPlannedAndRemoved) {
  EXPECT_THAT(send("GET", "/api/models/files").body, HasSubstr(R"({"models":[{"name":"one")"));
  const net::Response plan = send("POST", "/api/models/plan", R"({"model":"one","context":4096,"kv_type":"q8_0"})");
  EXPECT_EQ(plan.status, 200);
  EXPECT_EQ(plan.body, R"({"model":"one","context":4096,"kv_type":"q8_0"})");
  EXPECT_EQ(send("DELETE", "/api/models/files/one").body, R"({"removed":"one"})");
  EXPECT_EQ(files.removed, "one");
  EXPECT_EQ(send("DELETE", "/api/models/files/used").status, 409);
}

TEST_F(ModelFileRoutesTest, WhatIsAskedIsHeldToItsShape) {
  for (const char* body : {"[]", R"({"model":3})", R"({"context":-1})", R"({"kv_type":"q3"})", R"({"other":1})"}) {
    EXPECT_EQ(send("POST", "/api/models/plan", body).status, 400) << body;
  }
  EXPECT_EQ(send("POST", "/api/models/pull", "{}").status, 400);
  EXPECT_EQ(send("POST", "/api/models/import", R"({"folder":"/x"})").status, 400);
  EXPECT_EQ(send("POST", "/api/models/pull", R"({"repository":"a/b","type":"none"})").status, 400);
  EXPECT_TRUE(jobs->all().empty());
}

TEST_F(ModelFileRoutesTest, APullGoesOnUntilItIsCancelled) {
  const net::Response begun = send("POST", "/api/models/pull", R"({"repository":"a/b"})");
  EXPECT_EQ(begun.status, 202) << begun.body;
  const std::string id(parse_json(begun.body)->at("id").as_string());
  EXPECT_EQ(jobs_newest().at("kind"), "pull");
  EXPECT_EQ(jobs_newest().at("asked").at("repository"), "a/b");
  const net::Response second = send("POST", "/api/models/import", R"({"folder":"/x","name":"y"})");
  EXPECT_EQ(second.status, 409);
  EXPECT_THAT(second.body, HasSubstr("Another model is being made ready."));
  EXPECT_EQ(send("DELETE", "/api/models/jobs/nobody").status, 404);
  EXPECT_EQ(send("DELETE", "/api/models/jobs/" + id).status, 200);
  EXPECT_EQ(settled(), "stopped");
}

TEST_F(ModelFileRoutesTest, AnImportEndsWithItsModel) {
  EXPECT_EQ(send("POST", "/api/models/import", R"({"folder":"/x","name":"quick"})").status, 202);
  EXPECT_EQ(settled(), "done");
  EXPECT_EQ(jobs_newest().at("model").at("name"), "quick");
}

TEST_F(ModelFileRoutesTest, PathsComeOverTcpOnlyWhereTheyMay) {
  const auto tcp = net::Peer::kTcp;
  EXPECT_EQ(send("POST", "/api/models/import", R"({"folder":"/x","name":"y"})", tcp).status, 403);
  EXPECT_EQ(send("POST", "/api/models/plan", R"({"model":"/etc/passwd"})", tcp).status, 403);
  EXPECT_EQ(send("POST", "/api/models/plan", R"({"model":"x.gguf"})", tcp).status, 403);
  EXPECT_EQ(send("POST", "/api/models/plan", R"({"model":"x"})", tcp).status, 200);
  EXPECT_TRUE(jobs->all().empty());
}

TEST_F(ModelFileRoutesTest, WithoutModelFilesItSaysSo) {
  Routes without(RoutesOptions{}, service, metrics, clock);
  for (const auto& [method, path, body] : {std::tuple{"GET", "/api/models/files", ""},
                                           {"DELETE", "/api/models/files/x", ""},
                                           {"POST", "/api/models/plan", "{}"},
                                           {"POST", "/api/models/pull", R"({"repository":"a/b"})"},
                                           {"POST", "/api/models/import", R"({"folder":"/x","name":"y"})"},
                                           {"GET", "/api/models/jobs", ""},
                                           {"DELETE", "/api/models/jobs/x", ""}}) {
    net::testing::RecordingWriter writer;
    without.handle({.method = method,
                    .target = *net::Target::parse(path),
                    .headers = {},
                    .body = body,
                    .peer = net::Peer::kUnixSocket},
                   writer);
    EXPECT_EQ(writer.response.status, 404) << method << " " << path;
  }
}

}  // namespace
}  // namespace docmind::server
