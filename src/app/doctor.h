// What `docmind doctor` finds without the product: the machine, its cards, the models, the settings, and the plan for
// the chat model. The product's own checks come after it (service/doctor.h).
//
// Thread safety: a plain function; takes up to some seconds, as a card's driver is asked in a child process.
#pragma once
#include <boost/json/object.hpp>
#include <stop_token>

#include "app/layout.h"
#include "base/clock.h"
#include "config/load.h"

namespace docmind::app {

struct DoctorContext {
  const Layout& layout;
  const config::Loaded& loaded;
  const Clock& clock;
  std::stop_token stop;
};

// {"checks":[{"name","status":"ok|degraded|failed","message"}],"machine":{...},"plan":{...} or null}: docs/cli.md.
boost::json::object examine_machine(const DoctorContext& context);

}  // namespace docmind::app
