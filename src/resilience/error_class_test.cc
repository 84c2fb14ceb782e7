#include "resilience/error_class.h"

#include <gtest/gtest.h>

namespace docmind::resilience {
namespace {

TEST(ErrorClass, TheCodesOfACallToABackend) {
  const auto of = [](Code code) { return class_of(code, Work::kBackendCall); };
  EXPECT_EQ(of(Code::kUnavailable), ErrorClass::kTransient);
  EXPECT_EQ(of(Code::kDataLoss), ErrorClass::kTransient);
  EXPECT_EQ(of(Code::kInternal), ErrorClass::kTransient);
  EXPECT_EQ(of(Code::kDeadlineExceeded), ErrorClass::kTransient);
  EXPECT_EQ(of(Code::kRateLimited), ErrorClass::kOverloaded);
  EXPECT_EQ(of(Code::kResourceExhausted), ErrorClass::kOverloaded);
  EXPECT_EQ(of(Code::kCancelled), ErrorClass::kCancelled);
  for (const Code code : {Code::kInvalidArgument, Code::kNotFound, Code::kConflict, Code::kUnauthorized}) {
    EXPECT_EQ(of(code), ErrorClass::kPermanent);
  }
}

TEST(ErrorClass, ABrokenFileStaysBroken) {
  EXPECT_EQ(class_of(Code::kDataLoss, Work::kStep), ErrorClass::kPermanent);
  EXPECT_EQ(class_of(Code::kInternal, Work::kStep), ErrorClass::kPermanent);
  EXPECT_EQ(class_of(Code::kResourceExhausted, Work::kStep), ErrorClass::kPermanent);
  EXPECT_EQ(class_of(Code::kUnavailable, Work::kStep), ErrorClass::kTransient);  // "in use by another program"
}

TEST(ErrorClass, CircumstancesDecideWhatTheCodeCannot) {
  EXPECT_EQ(class_of(Code::kUnavailable, Work::kBackendCall, {.stopped = true}), ErrorClass::kCancelled);
  EXPECT_EQ(class_of(Code::kDeadlineExceeded, Work::kBackendCall, {.out_of_time = true}), ErrorClass::kDeadline);
  EXPECT_EQ(class_of(Code::kUnavailable, Work::kBackendCall, {.out_of_time = true}), ErrorClass::kTransient);
  EXPECT_EQ(class_of(Code::kUnavailable, Work::kBackendCall, {.told_to_wait = true}), ErrorClass::kOverloaded);
  EXPECT_EQ(class_of(Code::kNotFound, Work::kBackendCall, {.told_to_wait = true}), ErrorClass::kPermanent);
}

TEST(ErrorClass, OnlyTransientAndOverloadedAreWorthAnother) {
  EXPECT_TRUE(worth_another(ErrorClass::kTransient));
  EXPECT_TRUE(worth_another(ErrorClass::kOverloaded));
  EXPECT_FALSE(worth_another(ErrorClass::kPermanent));
  EXPECT_FALSE(worth_another(ErrorClass::kCancelled));
  EXPECT_FALSE(worth_another(ErrorClass::kDeadline));
  EXPECT_EQ(name(ErrorClass::kOverloaded), "overloaded");
}

}  // namespace
}  // namespace docmind::resilience
