// The machine as doctor sees it, with engines that say what a test wants: a card, no driver, a crash, nonsense.
#include "app/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "app/chat_plan.h"
#include "base/json.h"
#include "cli/render.h"
#include "model/testing/gguf_bytes.h"
#include "sys/clock.h"
#include "sys/testing/temp_folder.h"

namespace docmind::app {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view kGpu =
    R"({"name":"RTX 4080","bus":"0","memory_total":17179869184,"memory_free":16106127360,"compute_capability":"8.9",)"
    R"("fp8":true,"power_watts":31.5,"temperature_celsius":44})";
constexpr std::string_view kProcessor = R"({"name":"CPU","description":"Xeon","kind":"cpu","memory_total":1})";
constexpr std::string_view kCard = R"({"name":"CUDA0","description":"RTX 4080","backend":"CUDA","kind":"gpu",)"
                                   R"("memory_total":17179869184,"memory_free":16106127360})";

class DoctorTest : public testing::Test {
 protected:
  DoctorTest() {
    layout_.data = folder_.path();
    layout_.models = folder_ / "models";
    layout_.share = folder_ / "share";
  }

  void engine(const std::string& script) {
    layout_.binary = folder_.write("engine.sh", "#!/bin/sh\n" + script + "\n");
    fs::permissions(layout_.binary, fs::perms::owner_all);
  }
  void engine_says(std::string_view devices, std::string_view gpus, std::string_view problem = "") {
    const fs::path text =
        folder_.write("says.json", std::string(R"({"devices":[)") + std::string(devices) +
                                       R"(],"features":{},"ggml":"1","driver":"570","driver_problem":")" +
                                       std::string(problem) + R"(","gpus":[)" + std::string(gpus) + "]}");
    engine("exec /bin/cat " + text.string());
  }

  json::object examine() { return examine_machine({layout_, loaded_, clock_, {}}); }
  std::pair<std::string, std::string> check(const json::object& found, std::string_view name) {
    for (const json::value& of : found.at("checks").as_array()) {
      if (cli::text(of, "name") == name) return {cli::text(of, "status"), cli::text(of, "message")};
    }
    return {"absent", ""};
  }

  sys::TempFolder folder_;
  sys::RealClock clock_;
  Layout layout_;
  config::Loaded loaded_;
};

TEST_F(DoctorTest, ACardThatTheEngineCanUse) {
  engine_says(std::string(kProcessor) + "," + std::string(kCard), kGpu);
  loaded_.settings.engine.model = folder_.write("tiny.gguf", model::TinyQwen().gguf().bytes()).string();
  const json::object found = examine();
  const auto [status, message] = check(found, "gpu");
  EXPECT_EQ(status, "ok");
  EXPECT_THAT(message, HasSubstr("RTX 4080 16.0 GiB, 15.0 free, compute 8.9 (FP8), 32 W, 44 C"));
  const json::object& plan = found.at("plan").as_object();
  EXPECT_EQ(plan.at("gpu_layers").to_number<int>(), 2);
  EXPECT_EQ(cli::text(plan.at("cards").as_array().at(0), "name"), "CUDA0");
  loaded_.settings.engine.device_map = "cpu";
  EXPECT_EQ(examine().at("plan").at("gpu_layers").to_number<int>(), 0);
  loaded_.settings.engine.device_map = "CUDA1";
  EXPECT_EQ(check(examine(), "chat model").first, "failed");
  EXPECT_THAT(check(examine(), "chat model").second, HasSubstr("CUDA0"));
}

TEST_F(DoctorTest, ACardThatTheEngineCannotUseIsSaid) {
  engine_says(kProcessor, kGpu);
  const auto [status, message] = check(examine(), "gpu");
  EXPECT_EQ(status, "degraded");
  EXPECT_THAT(message, HasSubstr("no back end"));
}

TEST_F(DoctorTest, NoDriverIsFineAndABrokenOneIsNot) {
  engine_says(kProcessor, "");
  EXPECT_EQ(check(examine(), "gpu").first, "ok");
  EXPECT_THAT(check(examine(), "gpu").second, HasSubstr("none"));
  engine_says(kProcessor, "", "The driver does not work.");
  EXPECT_EQ(check(examine(), "gpu").first, "degraded");
}

TEST_F(DoctorTest, AnEngineThatFailsIsAFindingAndTheRestIsTold) {
  for (const char* script : {"exit 3", "kill -9 $$", "echo nonsense", "echo '[]'", "echo '{\"devices\":7}'", ""}) {
    engine(script);
    const json::object found = examine();
    EXPECT_EQ(check(found, "devices").first, "failed") << script;
    EXPECT_EQ(check(found, "sqlite").first, "ok") << script;
    EXPECT_EQ(check(found, "gpu").first, "absent") << script;
  }
  layout_.binary = folder_ / "absent";
  EXPECT_EQ(check(examine(), "devices").first, "failed");
}

TEST_F(DoctorTest, ADriverThatHangsEndsAtTheDeadline) {
  engine("exec /bin/sleep 1000");
  const auto asked = ask_devices(layout_, Deadline::in(std::chrono::milliseconds(50), clock_), {});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, Code::kUnavailable);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(ask_devices(layout_, Deadline::never(), stop.get_token()).error().code, Code::kCancelled);
}

TEST_F(DoctorTest, WarningsOfTheSettingsAndDamagedModelsDegrade) {
  engine_says(kProcessor, "");
  EXPECT_EQ(check(examine(), "settings").first, "ok");
  loaded_.warnings = {"chunk_size is not set here"};
  EXPECT_EQ(check(examine(), "settings"),
            std::pair(std::string("degraded"), std::string("chunk_size is not set here")));
  folder_.write("models/bad.gguf", "GGUF");
  EXPECT_EQ(check(examine(), "models").first, "degraded");
  loaded_.settings.engine.model = (folder_ / "models" / "bad.gguf").string();
  EXPECT_EQ(check(examine(), "chat model").first, "failed");
}

TEST_F(DoctorTest, AFolderThatIsGoneIsFailed) {
  engine_says(kProcessor, "");
  layout_.data = folder_ / "gone";
  EXPECT_EQ(check(examine(), "disk space").first, "failed");
}

}  // namespace
}  // namespace docmind::app
