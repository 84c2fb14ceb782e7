// Zip containers in memory, for tests and fixtures: the entries in order, deflated.
#pragma once
#include <zip.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace docmind::parse {

using ZipEntries = std::vector<std::pair<std::string, std::string>>;

inline std::string zip_bytes(const ZipEntries& entries, const char* password = nullptr) {
  zip_error_t error;
  zip_source_t* buffer = zip_source_buffer_create(nullptr, 0, 0, &error);
  DM_CHECK(buffer != nullptr);
  zip_t* zip = zip_open_from_source(buffer, ZIP_TRUNCATE, &error);
  DM_CHECK(zip != nullptr);
  zip_source_keep(buffer);
  for (const auto& [name, content] : entries) {
    zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
    const zip_int64_t index = zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
    DM_CHECK(index >= 0);
    if (password != nullptr) zip_file_set_encryption(zip, static_cast<zip_uint64_t>(index), ZIP_EM_AES_256, password);
  }
  DM_CHECK(zip_close(zip) == 0);
  DM_CHECK(zip_source_open(buffer) == 0);
  zip_source_seek(buffer, 0, SEEK_END);
  std::string out(static_cast<std::size_t>(zip_source_tell(buffer)), '\0');
  zip_source_seek(buffer, 0, SEEK_SET);
  DM_CHECK(zip_source_read(buffer, out.data(), out.size()) == static_cast<zip_int64_t>(out.size()));
  zip_source_close(buffer);
  zip_source_free(buffer);
  return out;
}

}  // namespace docmind::parse
