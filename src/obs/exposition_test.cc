#include "obs/exposition.h"

#include <gtest/gtest.h>

namespace docmind::obs {
namespace {

const std::string kOurs =
    "# HELP docmind_queries_total Questions.\n# TYPE docmind_queries_total counter\ndocmind_queries_total 3\n";

TEST(FoldPages, AVllmsFamiliesStandBehindOursWithTheirNames) {
  const std::string vllm =
      "# HELP python_info Python.\n# TYPE python_info gauge\npython_info{version=\"3.11\"} 1.0\n"
      "# HELP vllm:num_requests_running Running.\n# TYPE vllm:num_requests_running gauge\n"
      "vllm:num_requests_running{engine=\"0\",model_name=\"a } b\"} 1.0\n"
      "# HELP vllm:ttft_seconds Time.\n# TYPE vllm:ttft_seconds histogram\n"
      "vllm:ttft_seconds_bucket{le=\"0.1\"} 0.0\nvllm:ttft_seconds_count{} 0.0\n"
      "# EOF\n";
  EXPECT_EQ(fold_pages(kOurs, {vllm}),
            kOurs +
                "# HELP vllm:num_requests_running Running.\n# TYPE vllm:num_requests_running gauge\n"
                "vllm:num_requests_running{engine=\"0\",model_name=\"a } b\"} 1.0\n"
                "# HELP vllm:ttft_seconds Time.\n# TYPE vllm:ttft_seconds histogram\n"
                "vllm:ttft_seconds_bucket{le=\"0.1\"} 0.0\nvllm:ttft_seconds_count{} 0.0\n");
}

TEST(FoldPages, AFamilyOfTwoProcessesIsDescribedOnce) {
  const std::string one = "# HELP t Texts.\n# TYPE t counter\nt{model=\"a\"} 1\n";
  const std::string two = "# HELP t Otherwise.\n# TYPE t counter\nt{model=\"b\"} 2\nt{model=\"a\"} 9\n";
  EXPECT_EQ(fold_pages("", {one, two}), "# HELP t Texts.\n# TYPE t counter\nt{model=\"a\"} 1\nt{model=\"b\"} 2\n");
  EXPECT_EQ(fold_pages("", {one, "# TYPE t gauge\nt{model=\"c\"} 2\n"}), one) << "the same name for something else";
  EXPECT_EQ(fold_pages("", {"x{m=\"1\"} 1\n", "x{m=\"2\"} 1\n"}), "x{m=\"1\"} 1\nx{m=\"2\"} 1\n");
}

TEST(FoldPages, ABrokenPageIsLeftOutWhole) {
  for (const std::string& broken :
       {std::string("<html>\n"), std::string("a 1\nb"), std::string("a 1\n{} 2\n"), std::string("a{x=\"} 1\n"),
        std::string("a\n"), std::string("a \n"), std::string("9a 1\n"), std::string("a 1\n\xff 2\n"),
        std::string("{\"error\":1}\n"), std::string("# TYPE  gauge\n"), "a " + std::string(5U << 20U, '1') + "\n"}) {
    EXPECT_EQ(fold_pages(kOurs, {broken}), kOurs) << broken.substr(0, 40);
  }
  EXPECT_EQ(fold_pages(kOurs, {""}), kOurs);
}

}  // namespace
}  // namespace docmind::obs
