#include "sys/nvml.h"

#include <gtest/gtest.h>

#include <cstring>

namespace docmind::sys {
namespace {

int g_open = 0;  // Starts without an end: the calls are plain functions.

NvmlCalls::Handle handle(unsigned i) { return reinterpret_cast<NvmlCalls::Handle>(std::uintptr_t{i} + 1); }

// A driver with an RTX 4080, a V100 without sensors, and a card that fell off the bus between them.
NvmlCalls three_cards() {
  NvmlCalls calls;
  calls.init = [] { return ++g_open, 0; };
  calls.shutdown = [] { return --g_open, 0; };
  calls.count = [](unsigned* count) { return *count = 3, 0; };
  calls.handle = [](unsigned i, NvmlCalls::Handle* card) { return *card = handle(i), i == 1 ? 15 : 0; };
  calls.name = [](NvmlCalls::Handle card, char* name, unsigned size) {
    return std::strncpy(name, card == handle(0) ? "NVIDIA GeForce RTX 4080" : "Tesla V100", size), 0;
  };
  calls.memory = [](NvmlCalls::Handle, NvmlCalls::Memory* memory) {
    *memory = {.total = 16ULL << 30U, .free = 15ULL << 30U, .used = 1ULL << 30U};
    return 0;
  };
  calls.capability = [](NvmlCalls::Handle card, int* major, int* minor) {
    *major = card == handle(0) ? 8 : 7;
    *minor = card == handle(0) ? 9 : 0;
    return 0;
  };
  calls.power = [](NvmlCalls::Handle card, unsigned* milliwatts) {
    *milliwatts = 123456;
    return card == handle(0) ? 0 : 3;
  };
  calls.temperature = [](NvmlCalls::Handle card, int, unsigned* celsius) {
    *celsius = 61;
    return card == handle(0) ? 0 : 3;
  };
  calls.utilization = [](NvmlCalls::Handle card, NvmlCalls::Utilization* used) {
    used->gpu = 87;
    return card == handle(0) ? 0 : 3;
  };
  calls.throttle_reasons = [](NvmlCalls::Handle card, unsigned long long* reasons) {
    *reasons = card == handle(0) ? 0x1 | 0x2 | 0x4 | 0x8 | 0x40 : 0x1 | 0x2 | 0x10 | 0x100;
    return 0;
  };
  calls.pci = [](NvmlCalls::Handle, NvmlCalls::Pci* pci) {
    std::memset(pci->bus_id, 'x', sizeof pci->bus_id);  // Without an end.
    return 0;
  };
  calls.driver = [](char* version, unsigned size) { return std::strncpy(version, "570.86.15", size), 0; };
  return calls;
}

TEST(Nvml, TellsWhatTheCardsAre) {
  {
    const auto nvml = Nvml::start(three_cards());
    ASSERT_TRUE(nvml);
    EXPECT_EQ((*nvml)->driver(), "570.86.15");
    const std::vector<GpuFacts> gpus = (*nvml)->gpus();
    ASSERT_EQ(gpus.size(), 2U) << "a card that does not answer does not hide the others";
    EXPECT_EQ(gpus[0].name, "NVIDIA GeForce RTX 4080");
    EXPECT_EQ(gpus[0].memory_total, 16ULL << 30U);
    EXPECT_EQ(gpus[0].memory_free, 15ULL << 30U);
    EXPECT_TRUE(gpus[0].fp8());
    EXPECT_DOUBLE_EQ(gpus[0].watts.value_or(0), 123.456);
    EXPECT_EQ(gpus[0].celsius, 61);
    EXPECT_EQ(gpus[0].busy_percent, 87U);
    EXPECT_EQ(gpus[0].slowed, (std::vector{GpuSlowing::kPower, GpuSlowing::kHeat}));
    EXPECT_EQ(gpus[0].index, 0U);
    EXPECT_EQ(gpus[1].index, 2U) << "as the driver counts, not as they answer";
    EXPECT_FALSE(gpus[1].busy_percent);
    EXPECT_TRUE(gpus[1].slowed.empty()) << "idle, and what its owner has set";
    EXPECT_EQ(gpus[0].bus, std::string(32, 'x'));
    EXPECT_FALSE(gpus[1].fp8());
    EXPECT_FALSE(gpus[1].watts);
    EXPECT_FALSE(gpus[1].celsius);
  }
  EXPECT_EQ(g_open, 0);
}

TEST(Nvml, EightPointNineHasFp8) {
  const auto fp8 = [](int major, int minor) {
    GpuFacts gpu;
    gpu.compute_major = major;
    gpu.compute_minor = minor;
    return gpu.fp8();
  };
  EXPECT_FALSE(fp8(0, 0));
  EXPECT_FALSE(fp8(8, 6));
  EXPECT_TRUE(fp8(8, 9));
  EXPECT_TRUE(fp8(9, 0));
  EXPECT_TRUE(fp8(12, 0));
}

TEST(Nvml, WhyItIsSlow) {
  NvmlCalls calls = three_cards();
  const auto slowed = [&](auto reasons) {
    calls.throttle_reasons = reasons;
    return (*Nvml::start(calls))->gpus().at(0).slowed;
  };
  using Why = std::vector<GpuSlowing>;
  EXPECT_EQ(slowed([](NvmlCalls::Handle, unsigned long long* r) { return *r = 0x8, 0; }), Why{GpuSlowing::kHardware});
  EXPECT_EQ(slowed([](NvmlCalls::Handle, unsigned long long* r) { return *r = 0x88, 0; }), Why{GpuSlowing::kPower});
  EXPECT_EQ(slowed([](NvmlCalls::Handle, unsigned long long* r) { return *r = 0x20, 0; }), Why{GpuSlowing::kHeat});
  EXPECT_EQ(slowed([](NvmlCalls::Handle, unsigned long long* r) { return *r = 0x20, 3; }), Why{});
  EXPECT_EQ(name(GpuSlowing::kPower), "power");
  EXPECT_EQ(name(GpuSlowing::kHeat), "heat");
  EXPECT_EQ(name(GpuSlowing::kHardware), "hardware");
}

TEST(Nvml, AnOldLibraryTellsLess) {
  NvmlCalls calls = three_cards();
  calls.capability = nullptr;
  calls.power = nullptr;
  calls.temperature = nullptr;
  calls.pci = nullptr;
  calls.driver = nullptr;
  calls.utilization = nullptr;
  calls.throttle_reasons = nullptr;
  const auto nvml = *Nvml::start(calls);
  EXPECT_EQ(nvml->driver(), "");
  EXPECT_EQ(nvml->gpus().at(0).compute_major, 0);
  EXPECT_FALSE(nvml->gpus().at(0).fp8());
}

TEST(Nvml, ADriverThatDoesNotWorkIsSaid) {
  NvmlCalls calls = three_cards();
  calls.init = [] { return 18; };  // NVML_ERROR_LIB_RM_VERSION_MISMATCH, after an update without a restart.
  EXPECT_EQ(Nvml::start(calls).error().code, Code::kUnavailable);
  EXPECT_EQ(Nvml::start({}).error().code, Code::kUnavailable);
  calls = three_cards();
  calls.count = [](unsigned*) { return 999; };
  EXPECT_TRUE((*Nvml::start(calls))->gpus().empty());
  calls.count = [](unsigned* count) { return *count = 4'000'000'000U, 0; };
  EXPECT_LE((*Nvml::start(calls))->gpus().size(), 256U);
}

TEST(Nvml, NoLibraryAndAnotherLibrary) {
  EXPECT_EQ(Nvml::load("libdocmind-no-such-library.so.1").error().code, Code::kNotFound);
  EXPECT_EQ(Nvml::load("libm.so.6").error().code, Code::kUnavailable);
}

// A library like the driver's, built beside the tests from tests/fixtures/fake_nvml.c.
TEST(Nvml, LoadsALibrary) {
  const auto nvml = Nvml::load(DOCMIND_BUILD_DIR "/tests/libfake_nvml.so");
  ASSERT_TRUE(nvml) << nvml.error().message;
  const std::vector<GpuFacts> gpus = (*nvml)->gpus();
  ASSERT_EQ(gpus.size(), 1U);
  EXPECT_EQ(gpus[0].name, "Fake H200");
  EXPECT_EQ(gpus[0].compute_major, 9);
  EXPECT_EQ(gpus[0].memory_free, 1000U);
  EXPECT_DOUBLE_EQ(gpus[0].watts.value_or(0), 80.5);
}

}  // namespace
}  // namespace docmind::sys
