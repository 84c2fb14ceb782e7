#include "engine/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace docmind::engine {
namespace {

using testing::HasSubstr;

std::vector<ComputeDevice> two_cards() {
  return {{.name = "CUDA0", .backend = "CUDA", .kind = DeviceKind::kCard, .total = 16000, .free = 15000},
          {.name = "CUDA1", .backend = "CUDA", .kind = DeviceKind::kCard, .total = 8000, .free = 7000},
          {.name = "Vulkan0", .backend = "Vulkan", .kind = DeviceKind::kSharedCard, .total = 900, .free = 800},
          {.name = "CPU", .backend = "CPU", .kind = DeviceKind::kProcessor, .total = 1, .free = 1}};
}

std::vector<std::string> names(std::string_view map) {
  std::vector<std::string> out;
  for (const CardMemory& card : *cards_of(map, 0, two_cards())) out.push_back(card.name);
  return out;
}

TEST(Devices, TheProcessorIsAlwaysThere) {
  const auto found = compute_devices();
  ASSERT_TRUE(found) << found.error().message;
  const auto& devices = *found;
  EXPECT_TRUE(std::ranges::any_of(devices, [](const auto& of) { return of.kind == DeviceKind::kProcessor; }));
  const auto again = devices_of(devices_json(devices, Error{Code::kNotFound, "no driver"}));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), devices.size());
  EXPECT_EQ(again->front().name, devices.front().name);
  EXPECT_EQ(again->front().kind, devices.front().kind);
  EXPECT_EQ(again->front().total, devices.front().total);
}

TEST(Devices, CardsAreDescribedAsTheirDriverDoes) {
  sys::NvmlCalls calls;
  calls.init = calls.shutdown = [] { return 0; };
  calls.count = [](unsigned* count) { return *count = 1, 0; };
  calls.handle = [](unsigned, sys::NvmlCalls::Handle*) { return 0; };
  calls.name = [](sys::NvmlCalls::Handle, char* name, unsigned) { return name[0] = 'X', 0; };
  calls.memory = [](sys::NvmlCalls::Handle, sys::NvmlCalls::Memory* memory) { return memory->total = 7, 0; };
  const std::string text = devices_json(two_cards(), sys::Nvml::start(calls));
  EXPECT_THAT(text, HasSubstr(R"("name":"X","bus":"","memory_total":7,"memory_free":0,"compute_capability":"0.0")"));
  EXPECT_THAT(text, HasSubstr(R"("power_watts":null)"));
  EXPECT_EQ(devices_of(text)->size(), 4U);
  EXPECT_THAT(devices_json({}, Error{Code::kNotFound, "none"}), HasSubstr(R"("driver_problem":"","gpus":[])"));
  EXPECT_THAT(devices_json({}, Error{Code::kUnavailable, "broken"}), HasSubstr(R"("driver_problem":"broken")"));
}

TEST(Devices, AListThatIsNoneIsAnError) {
  for (const char* text : {"", "[]", "{}", "{\"devices\":1}", "{\"devices\":[1]}", "nonsense"}) {
    EXPECT_FALSE(devices_of(text)) << text;
  }
  const auto strange = devices_of(R"({"devices":[{"name":7,"kind":"toaster","memory_total":-1}]})");
  EXPECT_TRUE(!strange || strange->front().kind == DeviceKind::kAccelerator);
}

TEST(Devices, TheMapSaysWhichCards) {
  EXPECT_THAT(names("auto"), testing::ElementsAre("CUDA0", "CUDA1"));
  EXPECT_THAT(names("cpu"), testing::IsEmpty());
  EXPECT_THAT(names("Vulkan0"), testing::ElementsAre("Vulkan0"));
  const auto shared = cards_of("CUDA1,CUDA0=2.5", 10000, two_cards());
  ASSERT_TRUE(shared);
  EXPECT_EQ((*shared)[0].name, "CUDA1");
  EXPECT_EQ((*shared)[0].share, 1);
  EXPECT_EQ((*shared)[0].free, 7000U);
  EXPECT_EQ((*shared)[1].share, 2.5);
  EXPECT_EQ((*shared)[1].free, 10000U) << "the cap";
}

TEST(Devices, AMapThatIsNoneIsRefusedWithWhatThereIs) {
  for (const char* map :
       {"", ",", "CUDA0,", "CUDA0=", "CUDA0=x", "CUDA0=0", "CUDA0=-1", "CUDA0=nan", "CUDA0=inf", "CUDA0,CUDA0", "=1"}) {
    const auto cards = cards_of(map, 0, two_cards());
    ASSERT_FALSE(cards) << map;
    EXPECT_EQ(cards.error().code, Code::kInvalidArgument) << map;
  }
  EXPECT_THAT(cards_of("CUDA7", 0, two_cards()).error().message, HasSubstr("CUDA0, CUDA1, Vulkan0"));
  EXPECT_THAT(cards_of("CUDA0", 0, {}).error().message, HasSubstr("no card"));
  EXPECT_EQ(cards_of("CPU", 0, two_cards()).error().code, Code::kNotFound);
  EXPECT_TRUE(cards_of("auto", 0, {})->empty());
}

}  // namespace
}  // namespace docmind::engine
