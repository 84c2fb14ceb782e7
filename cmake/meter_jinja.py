#!/usr/bin/env python3
"""Copies llama.cpp's template engine with our meter in it: meter_jinja.py SOURCE TARGET (CMake runs it).

A chat template comes with a model file and may be hostile, and the engine has no bounds of its own. So each place of its
sources that computes or grows something gets a call to src/engine/template_meter.h. The package is pinned by hash; an
edit that does not find its place stops the build. Prints nothing; writes only what has changed.
"""
import pathlib, sys

METER = "docmind::engine::template_meter::"
# file: (what is there, what stands there then). Each must be found exactly once, or as often as the third item says.
EDITS = {
    "jinja/runtime.cpp": [
        ("    try {\n        return execute_impl(ctx);", f"    const {METER}Level level;\n    try {{\n        return execute_impl(ctx);"),
        # Copies of whole tables for each name.
        ("    auto builtins = global_builtins();", "    const auto & builtins = global_builtins();"),
        ("    auto builtins = input->get_builtins();", "    const auto & builtins = input->get_builtins();"),
    ],
    "jinja/runtime.h": [
        ("static void gather_string_parts_recursive(const value & val, value_string & parts) {\n",
         f"static void gather_string_parts_recursive(const value & val, value_string & parts) {{\n    const {METER}Level level;\n"),
    ],
    "jinja/string.cpp": [
        ("std::string string::str() const {\n", f"std::string string::str() const {{\n    {METER}charge(length());\n"),
        ("string & string::append(const string & other) {\n",
         f"string & string::append(const string & other) {{\n    {METER}charge(other.length() + 64 * other.parts.size());\n"),
    ],
    "jinja/utils.h": [
        ("        builder.append(replace);", f"        {METER}charge(replace.length() + 1);\n        builder.append(replace);"),
    ],
    "jinja/value.h": [
        ("    return std::make_shared<PointeeType>(std::forward<Args>(args)...);",
         f"    auto made = std::make_shared<PointeeType>(std::forward<Args>(args)...);\n    {METER}keep(made);\n    return made;"),
        ("virtual string as_string() const override { return val_str; }",
         f"virtual string as_string() const override {{ {METER}charge(val_str.length()); return val_str; }}"),
        ("            throw std::runtime_error(\"Attempting to modify immutable type\");\n        }\n        val_arr.push_back(",
         f"            throw std::runtime_error(\"Attempting to modify immutable type\");\n        }}\n        {METER}charge(16);\n        val_arr.push_back(", 2),
        ("            new_args.push_front(arg0);",
         f"            {METER}charge(arg0->val_str.length() + 16 * arg0->val_arr.size());\n            new_args.push_front(arg0);"),
    ],
    "jinja/value.cpp": [
        ("out->push_back(mk_val<value_int>(i));", f"{METER}charge(1024); out->push_back(mk_val<value_int>(i));", 2),
        ("            bool res = args.get_pos(0)->val_int % args.get_pos(1)->val_int == 0;",
         "            if (args.get_pos(1)->val_int == 0) throw raised_exception(\"divisibleby zero\");\n"
         "            bool res = args.get_pos(1)->val_int == -1 || args.get_pos(0)->val_int % args.get_pos(1)->val_int == 0;"),
        ("                result->push_back(mk_val<value_string>(token));\n",
         f"                {METER}charge(str.length() / 16 + token.length());\n                result->push_back(mk_val<value_string>(token));\n", 2),
        ("                    new_res.reserve(", f"                    {METER}charge(new_str.length(), str.length() + 1);\n                    new_res.reserve("),
        ("                    while ((pos = str.find(old_str, pos)) != std::string::npos) {\n"
         "                        str.replace(pos, old_str.length(), new_str);\n"
         "                        pos += new_str.length();\n                    }",
         "                    string_replace_all(str, old_str, new_str);"),
        ("                indent.assign(val_width->as_int(), ' ');",
         f"                {METER}charge(static_cast<size_t>(val_width->as_int()));\n                indent.assign(val_width->as_int(), ' ');"),
        ("                    indented += indent;\n                }\n                indented += line;",
         f"                    {METER}charge(indent.length());\n                    indented += indent;\n                }}\n                indented += line;"),
        ("    auto indent_str = [indent, curr_lvl]() -> std::string {\n",
         f"    const {METER}Level level;\n    {METER}charge(item_sep.length() + key_sep.length() + 1);\n"
         f"    {METER}charge(indent > 0 ? static_cast<size_t>(indent) : 0, static_cast<size_t>(curr_lvl) + 2);\n"
         "    auto indent_str = [indent, curr_lvl]() -> std::string {\n"),
        ("                    result += delim;\n", f"                    {METER}charge(delim.length());\n                    result += delim;\n"),
        ("std::string value_to_string_repr(const value & val) {\n",
         f"std::string value_to_string_repr(const value & val) {{\n    const {METER}Level level;\n"),
    ],
}
AS_THEY_ARE = ["jinja/lexer.h", "jinja/lexer.cpp", "jinja/parser.h", "jinja/parser.cpp", "jinja/string.h", "json.h", "json.cpp",
               "unicode.h", "unicode.cpp"]


def edited(name, text):
    for find, replace, *times in EDITS.get(name, []):
        if text.count(find) != (times[0] if times else 1):
            sys.exit(f"meter_jinja.py: {name} does not have what is to be metered:\n{find}")
        text = text.replace(find, replace)
    return '#include "engine/template_meter.h"\n' + text if name in EDITS else text


source, target = map(pathlib.Path, sys.argv[1:])
for name in [*EDITS, *AS_THEY_ARE]:
    text = edited(name, (source / name).read_text())
    out = target / name
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists() or out.read_text() != text:
        out.write_text(text)
