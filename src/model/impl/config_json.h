// Reads settings out of a checkpoint's JSON files: typed, ranged, one clear sentence for what is not there.
//
// Values; hostile input.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace docmind::model {

// The one way in which the mappings refuse a checkpoint.
Error unfit(const std::string& why);

class ConfigJson {
 public:
  // An empty text is an empty object.
  static Result<ConfigJson> parse(const std::string& text, std::string file);

  const boost::json::object& object() const { return root_.get_object(); }
  const boost::json::value* find(std::string_view key) const;  // Null when absent or JSON's null.

  Result<std::uint32_t> size(std::string_view key, std::uint32_t limit) const;  // 1 to limit.
  Result<std::uint32_t> size_or(std::string_view key, std::uint32_t limit, std::uint32_t otherwise) const;
  // Between low and high; also where the file writes an integer.
  Result<float> number_or(std::string_view key, double low, double high, double otherwise) const;
  std::optional<std::string> text(std::string_view key) const;
  bool flag(std::string_view key, bool otherwise) const;
  ConfigJson child(std::string_view key) const;                 // An empty object when it is none.
  std::optional<std::uint32_t> id(std::string_view key) const;  // A token's number, or the first of a list.

 private:
  ConfigJson(boost::json::value root, std::string file) : root_(std::move(root)), file_(std::move(file)) {}
  Error unusable(std::string_view key) const;

  boost::json::value root_;
  std::string file_;
};

}  // namespace docmind::model
