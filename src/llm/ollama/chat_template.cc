// The template of Qwen3 in Ollama's language. Ollama recognises a model's template by likeness with some twenty that it
// knows; Qwen3's is not among them, and a model without one gets prompts without roles.
#include "llm/ollama/ollama_models.h"

namespace docmind::ollama {
namespace {

constexpr std::string_view kQwen3 = R"({{- $asked := -1 }}
{{- range $i, $m := .Messages }}{{ if eq $m.Role "user" }}{{ $asked = $i }}{{ end }}{{ end }}
{{- if or .System .Tools }}<|im_start|>system
{{ if .System }}{{ .System }}{{ if .Tools }}

{{ end }}{{ end }}
{{- if .Tools }}# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{{- range .Tools }}
{"type": "function", "function": {{ json .Function }}}
{{- end }}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>
{{- end }}<|im_end|>
{{ end }}
{{- $before := "" }}
{{- range $i, $m := .Messages }}
{{- $rest := slice $.Messages $i }}
{{- $ends := eq (len $rest) 1 }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if and .Thinking (gt $i $asked) }}<think>
{{ .Thinking }}
</think>

{{ end }}{{ .Content }}
{{- if .ToolCalls }}
{{- range $n, $call := .ToolCalls }}{{ if or $n $m.Content }}
{{ end }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>
{{- end }}
{{- end }}
{{- if not $ends }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}
{{- if ne $before "tool" }}<|im_start|>user{{ end }}
<tool_response>
{{ .Content }}
</tool_response>
{{- if or $ends (ne (index $rest 1).Role "tool") }}<|im_end|>
{{ end }}
{{- end }}
{{- if and $ends (ne .Role "assistant") }}<|im_start|>assistant
{{ if and $.IsThinkSet (not $.Think) }}<think>

</think>

{{ end }}
{{- end }}
{{- $before = .Role }}
{{- end }})";

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

std::string chat_template_for(std::string_view jinja) {
  const bool like_qwen3 = has(jinja, "<|im_start|>") && has(jinja, "<tool_call>") && has(jinja, "enable_thinking");
  return like_qwen3 ? std::string(kQwen3) : std::string();
}

}  // namespace docmind::ollama
