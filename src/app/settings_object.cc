#include "app/settings_object.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace docmind::app {

std::string settings_object(const config::Loaded& loaded) {
  boost::json::array lines;
  for (const config::SettingLine& line : config::show(loaded)) {
    lines.push_back({{"key", line.key}, {"value", line.value}, {"origin", line.origin}, {"help", line.help}});
  }
  return to_text(boost::json::object{{"settings", std::move(lines)}});
}

}  // namespace docmind::app
