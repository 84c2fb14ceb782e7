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
  for (const std::string& broken : {std::string("<html>\n"),
                                    std::string("a 1\nb"),
                                    std::string("a 1\n{} 2\n"),
                                    std::string("a{x=\"} 1\n"),
                                    std::string("a\n"),
                                    std::string("a \n"),
                                    std::string("9a 1\n"),
                                    std::string("a 1\n\xff 2\n"),
                                    std::string("a  1\n"),
                                    std::string("a x\n"),
                                    std::string("a 1x\n"),
                                    std::string("a 1e999\n"),
                                    std::string("a 1 x\n"),
                                    std::string("a 1 # {b=\"c\"} 1\n"),
                                    std::string("a 1 2 3\n"),
                                    std::string("a 1 \n"),
                                    std::string("a +-1\n"),
                                    std::string("# HELP a船 b\na 1\n"),
                                    std::string("# TYPE a odd\na 1\n"),
                                    std::string("# TYPE a\na 1\n"),
                                    std::string("# TYPE gauge\ngauge 1\n"),
                                    std::string("# TYPE a gauge b\na 1\n"),
                                    std::string("{\"error\":1}\n"),
                                    std::string("# TYPE  gauge\n"),
                                    "a " + std::string(5U << 20U, '1') + "\n"}) {
    EXPECT_EQ(fold_pages(kOurs, {broken}), kOurs) << broken.substr(0, 40);
  }
  EXPECT_EQ(fold_pages(kOurs, {""}), kOurs);
  const std::string numbers = "a NaN\na_b +Inf\na_c -Inf\na_d 1e-9 1700000000000\na_e Nan\n";
  EXPECT_EQ(fold_pages("", {numbers}), numbers);
}

TEST(OpenMetrics, NamesBoundsAndTheEndAreAsItHasThem) {
  EXPECT_EQ(
      open_metrics("# HELP asked_total \"Questions\" \\\\ all.\n# TYPE asked_total counter\nasked_total{a=\"b c\"} 3\n"
                   "# HELP waiting Now.\n# TYPE waiting gauge\nwaiting 2 1700000000000\n"
                   "# TYPE took_seconds histogram\ntook_seconds_count{a=\"le=\\\"1\"} 2\n"
                   "took_seconds_sum 1.5\ntook_seconds_bucket{le=\"0.5\"} 1 # {trace_id=\"ab\"} 0.25 1.5\n"
                   "took_seconds_bucket{a=\"b\",le=\"1\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 2\n"),
      "# TYPE asked counter\n# HELP asked \\\"Questions\\\" \\\\ all.\nasked_total{a=\"b c\"} 3\n"
      "# TYPE waiting gauge\n# HELP waiting Now.\nwaiting 2\n"
      "# TYPE took_seconds histogram\ntook_seconds_count{a=\"le=\\\"1\"} 2\n"
      "took_seconds_sum 1.5\ntook_seconds_bucket{le=\"0.5\"} 1 # {trace_id=\"ab\"} 0.25 1.5\n"
      "took_seconds_bucket{a=\"b\",le=\"1.0\"} 2\ntook_seconds_bucket{le=\"+Inf\"} 2\n"
      "# EOF\n");
}

TEST(OpenMetrics, WhatItCannotNameIsUnknown) {
  EXPECT_EQ(open_metrics("# TYPE asked counter\nasked 3\nplain 1\n# TYPE old untyped\nold 1\n"),
            "# TYPE asked unknown\nasked 3\n# TYPE plain unknown\nplain 1\n# TYPE old unknown\nold 1\n# EOF\n");
  EXPECT_EQ(open_metrics("# TYPE a_total counter\na_total 3\n# TYPE a gauge\na 1\n"),
            "# TYPE a_total unknown\na_total 3\n# TYPE a gauge\na 1\n# EOF\n");
  // As Python's client has them beside its counters.
  EXPECT_EQ(open_metrics("# TYPE b_total counter\nb_total 3\n# TYPE b_created gauge\nb_created 1\n"),
            "# TYPE b counter\nb_total 3\n# EOF\n");
  EXPECT_EQ(open_metrics("no page"), "# EOF\n");
  EXPECT_EQ(open_metrics("# HELP a船 b\na 1\n"), "# EOF\n");
}

TEST(OpenMetrics, IsForWhoAsksForIt) {
  const std::string prometheus =
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  for (const std::string& yes :
       {prometheus, std::string("application/openmetrics-text"),
        std::string("text/plain; q=0.3, application/openmetrics-text; version=1.0.0; q=0.4")}) {
    EXPECT_TRUE(wants_open_metrics(yes)) << yes;
  }
  for (const char* no :
       {"", "*/*", "text/plain", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;q=0",
        "application/openmetrics-text;q=x", "text/html, , ;;", "application/openmetrics-text;q=0.1, text/plain"}) {
    EXPECT_FALSE(wants_open_metrics(no)) << no;
  }
}

}  // namespace
}  // namespace docmind::obs
