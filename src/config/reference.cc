#include "config/reference.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/settings.h"
#include "config/specification_names.h"

namespace docmind::config {
namespace {

constexpr std::string_view kHead = R"(# Settings

This page is made from the declarations in `src/config/settings.cc`; `UPDATE_DOCS=1 build-dev/config_test` writes it anew.

Where they may be written, the later winning:

1. the defaults below
2. `$XDG_CONFIG_HOME/docmind/*.yaml` (else `~/.config/docmind`), by name
3. the file of `--config FILE`
4. the `.env` beside that file; never one in the current folder
5. of a service: secrets that systemd hands over, `LoadCredential=vllm.api_key:/etc/docmind/vllm.key`
6. variables: `DOCMIND_`, then the key in capitals with `__` for the dot: `DOCMIND_SEARCH__K=20` is `search.k`
7. flags: `--set search.k=20`, and those of the commands

```yaml
search:
  k: 20
parse:
  timeout: 2m
```

An unknown key or a value out of range stops every command with exit code 78 and names file, line and key.
`docmind config show --origin` prints each value and where it came from. Times are written `90s`, `2m`, `1.5h` or `250ms`,
a bare number is seconds; sizes are MiB. A relative path in a file is taken from that file's folder.

## Changing them while docmind serves

`docmind config set search.k 20`, the Settings page of the web interface and `PATCH /api/settings` write the YAML file that
counts most: that of `--config`, else the last one of the folder, else a new `docmind.yaml` there. Its comments and order stay;
the file is replaced whole or not at all. What an `.env`, a variable or a flag sets counts more than that file and can only be
changed there. After a change by hand a serving docmind reads all of them again within 5 s, or at once after `kill -HUP`. What
would be refused at a start is refused, with file and line in the log and on the Settings page, and everything stays as it was.

The column "in force" says when: at once is with the next question, file or request; a restart is the next start of docmind.
)";

constexpr std::string_view kNamesHead = R"(
## Names of the specifications

In the `.env` the specifications' own names count too, bare or with `DOCMIND_` before them; in the environment only with
it. Those without a setting here load with a warning:

| name | here |
|---|---|
)";

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view("General") : key.substr(0, dot);
}

std::string default_of(const Declaration& declaration) {
  const std::string text = declaration.get(Settings{});
  return text.empty() ? "" : "`" + text + "`";
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

}  // namespace

std::string reference_page() {
  std::string page(kHead);
  std::string names(kNamesHead);
  std::string_view section;
  for (const Declaration& declaration : declarations()) {
    if (declaration.shown == Shown::kHidden) continue;
    if (section != section_of(declaration.key)) {
      section = section_of(declaration.key);
      page += fmt::format("\n## {}\n\n| key | default | values | in force | |\n|---|---|---|---|---|\n", section);
    }
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", declaration.key, default_of(declaration), declaration.values,
                        declaration.effect == Effect::kAtOnce ? "at once" : "restart", declaration.help);
    for (const std::string_view alias : declaration.aliases) {
      names += fmt::format("| `{}` | `{}` |\n", upper(alias), declaration.key);
    }
  }
  for (const SpecificationName& name : specification_names()) {
    names += fmt::format("| `{}` | no effect: {} |\n", upper(name.name), name.reason);
  }
  return page + names;
}

}  // namespace docmind::config
