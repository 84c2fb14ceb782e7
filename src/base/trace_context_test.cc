#include "base/trace_context.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace docmind {
namespace {

constexpr const char* kHeader = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";  // The standard's example.

TEST(TraceContext, IsReadFromItsHeader) {
  const auto context = read_traceparent(kHeader);
  ASSERT_TRUE(context);
  EXPECT_EQ(trace_id(*context), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span_id(context->span), "00f067aa0ba902b7");
  EXPECT_EQ(context->parent, 0U);
  EXPECT_TRUE(context->sampled);
  EXPECT_FALSE(read_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  // A later version says more behind what this one knows.
  EXPECT_TRUE(read_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

TEST(TraceContext, WhatIsBrokenIsNone) {
  for (const char* broken : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
                             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(read_traceparent(broken)) << broken;
  }
}

TEST(TraceContext, GoesOnInAHeader) {
  TraceContext context = *read_traceparent(kHeader);
  context = child_of(context);
  const auto next = read_traceparent(traceparent(context));
  ASSERT_TRUE(next);
  EXPECT_EQ(trace_id(*next), trace_id(context));
  EXPECT_EQ(next->span, context.span);
  context.sampled = false;
  EXPECT_FALSE(read_traceparent(traceparent(context))->sampled);
}

TEST(TraceContext, EachChildHasASpanOfItsOwn) {
  const TraceContext context{.high = 1, .low = 2, .span = 3};
  std::set<std::uint64_t> spans;
  for (int i = 0; i < 1000; ++i) {
    const TraceContext child = child_of(context);
    EXPECT_EQ(child.parent, 3U);
    EXPECT_EQ(trace_id(child), trace_id(context));
    spans.insert(child.span);
  }
  EXPECT_EQ(spans.size(), 1000U);
  EXPECT_FALSE(spans.contains(0));
}

TEST(TraceContext, IsThatOfTheInnermostScopeOfThisThread) {
  EXPECT_FALSE(trace_context());
  {
    const TraceScope outer({.high = 1, .span = 1});
    {
      const TraceScope inner({.high = 1, .span = 2});
      EXPECT_EQ(trace_context().span, 2U);
    }
    EXPECT_EQ(trace_context().span, 1U);
    std::thread([] { EXPECT_FALSE(trace_context()); }).join();
  }
  EXPECT_FALSE(trace_context());
}

}  // namespace
}  // namespace docmind
