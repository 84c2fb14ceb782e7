#include "llm/vllm/service.h"

#include <gmock/gmock.h>

namespace docmind::vllm {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Result<ServiceRead> read(std::string name, std::string value) {
  return read_service({{std::move(name), std::move(value), "/s.yaml:7"}});
}

TEST(Service, NothingSaidIsTheSpecification) {
  const auto out = read_service({});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->service.max_model_len, 131'072U);
  EXPECT_EQ(out->service.served_model_name, "docmind-qwen3-fp8");
  EXPECT_FALSE(out->service.trust_remote_code);
  EXPECT_THAT(out->warnings, IsEmpty());
}

TEST(Service, EachValueArrives) {
  const auto out = read_service({{"model.path", "/模型/q 3", "a:1"},
                                 {"server.host", "::1", "a:2"},
                                 {"server.port", "0", "a:3"},
                                 {"engine.attention_backend", "none", "a:4"},
                                 {"engine.enforce_eager", "Yes", "a:5"},
                                 {"engine.gpu_memory_utilization", ".7", "a:6"},
                                 {"optimization.enable_prefix_caching", "off", "a:7"},
                                 {"cpu.threads_bind", "0-31|32-63", "a:8"}});
  ASSERT_TRUE(out) << out.error().message;
  const VllmService& s = out->service;
  EXPECT_EQ(s.model_path, "/模型/q 3");
  EXPECT_EQ(s.host, "::1");
  EXPECT_EQ(s.port, 0U);
  EXPECT_EQ(s.attention_backend, "");
  EXPECT_TRUE(s.enforce_eager);
  EXPECT_EQ(s.gpu_memory_utilization, 0.7);
  EXPECT_FALSE(s.enable_prefix_caching);
  EXPECT_EQ(s.cpu_threads_bind, "0-31|32-63");
}

TEST(Service, AMistakeNamesItsLineAndTheSetting) {
  const std::vector<std::array<std::string, 3>> cases = {
      {"engine.max_model_len", "128k", "/s.yaml:7: engine.max_model_len must be a whole number from 256 to"},
      {"engine.max_model_len", "", "/s.yaml:7: engine.max_model_len must be a whole number"},
      {"engine.max_model_len", "99999999999999999999", "/s.yaml:7: engine.max_model_len must be a whole number"},
      {"server.port", "65536", "/s.yaml:7: server.port must be a whole number from 0 to 65535"},
      {"engine.gpu_memory_utilization", "95",
       "/s.yaml:7: engine.gpu_memory_utilization must be a number from 0.05 to 1"},
      {"engine.gpu_memory_utilization", "nan", "/s.yaml:7: engine.gpu_memory_utilization must be a number"},
      {"engine.enforce_eager", "2", "/s.yaml:7: engine.enforce_eager must be true or false"},
      {"engine.quantization", "fp8 --api-key x", "/s.yaml:7: engine.quantization must be one word"},
      {"server.served_model_name", "--trust-remote-code",
       "/s.yaml:7: server.served_model_name must not begin with a dash"},
      {"model.path", "/a\n/b", "/s.yaml:7: model.path must be one line of text"},
      {"model.path", std::string(5'000, 'x'), "/s.yaml:7: model.path must be one line of text"},
      {"server.host", "0.0.0.0", "/s.yaml:7: server.host must be an address of this machine"},
      {"model.path", "", "server.served_model_name and model.path must not be empty"},
  };
  for (const auto& [name, value, begin] : cases) {
    const auto out = read(name, value);
    ASSERT_FALSE(out) << name << " " << value;
    EXPECT_THAT(out.error().message, StartsWith(begin));
    EXPECT_FALSE(out.error().hint.empty());
  }
}

TEST(Service, WhatIsUnknownIsTold) {
  const auto out = read("engine.max_model_length", "1");
  ASSERT_TRUE(out);
  ASSERT_EQ(out->warnings.size(), 1U);
  EXPECT_THAT(out->warnings[0], StartsWith("/s.yaml:7: "));
  EXPECT_THAT(out->warnings[0], HasSubstr("engine.max_model_length"));
}

}  // namespace
}  // namespace docmind::vllm
