// DM_CHECK: a bug in this program ends it, in release too. Never on input, network, files or model output.
#pragma once

namespace docmind {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

#define DM_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::docmind::check_failed(#condition, __FILE__, __LINE__))

}  // namespace docmind
