#include "sys/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "sys/testing/temp_folder.h"

namespace docmind::sys {
namespace {

using testing::ElementsAre;

std::string thread(int id, int package, int core) {
  return "processor\t: " + std::to_string(id) +
         "\nmodel name\t: AMD EPYC 9654  \nphysical id\t: " + std::to_string(package) +
         "\ncore id\t\t: " + std::to_string(core) + "\nflags\t\t: fpu avx avx2 avx512f avx512_vnni avx2x fma\n\n";
}

TEST(Machine, CountsCoresThreadsAndNodes) {
  const TempFolder nodes;
  for (const char* name : {"node0/x", "node1/x", "node12/x", "nodes/x", "node/x", "possible"}) nodes.write(name, "");
  const std::string text = thread(0, 0, 0) + thread(1, 0, 1) + thread(2, 0, 0) + thread(3, 0, 1) + thread(4, 1, 0);
  const Processor cpu = processor_of(text, nodes.path());
  EXPECT_EQ(cpu.name, "AMD EPYC 9654");
  EXPECT_EQ(cpu.threads, 5U);
  EXPECT_EQ(cpu.cores, 3U);
  EXPECT_EQ(cpu.nodes, 3U);
  EXPECT_THAT(cpu.features, ElementsAre("avx", "fma", "avx2", "avx512f", "avx512_vnni"));
  EXPECT_FALSE(cpu.architecture.empty());
}

TEST(Machine, ReadsArmAndWhatSaysNothing) {
  const Processor arm =
      processor_of("processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n\nprocessor\t: 1\n", "/no/such/folder");
  EXPECT_EQ(arm.threads, 2U);
  EXPECT_EQ(arm.cores, 2U);
  EXPECT_EQ(arm.nodes, 1U);
  EXPECT_THAT(arm.features, ElementsAre("asimddp", "i8mm"));
  for (const char* text : {"", ":::", "flags", "processor", "\xff\xfe: \n:"}) {
    EXPECT_EQ(processor_of(text, "").threads, 0U) << text;
  }
}

TEST(Machine, ThisOneHasAProcessorAndMemory) {
  const Machine machine = this_machine();
  EXPECT_GE(machine.processor.threads, 1U);
  EXPECT_GE(machine.processor.usable, 1U);
  EXPECT_GT(machine.memory.total, 1U << 20U);
  EXPECT_GT(machine.memory.available, 0U);
  EXPECT_LE(machine.memory.available, machine.memory.total);
  const auto disk = disk_space(".");
  ASSERT_TRUE(disk);
  EXPECT_LE(disk->free, disk->total);
  EXPECT_GT(disk->total, 0U);
  const std::filesystem::space_info all = std::filesystem::space(".");
  EXPECT_NEAR(static_cast<double>(disk->total - disk->free), static_cast<double>(all.capacity - all.free), 256 << 20)
      << "what is kept for root is not in use";
  EXPECT_FALSE(disk_space("/no/such/folder"));
}

}  // namespace
}  // namespace docmind::sys
