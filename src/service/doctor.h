// What `docmind doctor` tries: each part of the product on a small sample, with what to do where one fails.
//
// Thread safety: a plain function.
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "doc/parser.h"
#include "library/library.h"
#include "llm/embedder.h"
#include "service/service.h"
#include "sys/files.h"

namespace docmind::service {

struct Patient {
  library::Library& library;
  doc::Parser& parser;
  llm::Embedder& embedder;
  sys::Files& files;
  std::string library_path;
};

std::vector<Check> examine(const Patient& patient, Deadline deadline, std::stop_token stop);

}  // namespace docmind::service
