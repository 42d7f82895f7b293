import type { Setting } from "./setting.ts";

const needsOpenAI = "needs --openai-base-url or --openai-provider";
const needsEndpoint = "needs --kserve-endpoint or --anyserve-endpoint";

/** Flags that describe one backend, in the order of the help. */
export const backendSettings: readonly Setting[] = [
  {
    flag: "--kserve-endpoint <host:port>",
    group: "Backend:",
    help: "a KServe v2 server's gRPC address, repeatable; what it is and has is found out",
    path: ["backends", "kserve", "endpoint"],
    kind: "list",
  },
  {
    flag: "--anyserve-endpoint <host:port>",
    group: "Backend:",
    help: "AnyServe's gRPC address. Without any backend or agent the built-in demo model answers",
    path: ["backends", "anyserve", "endpoint"],
  },
  {
    flag: "--anyserve-stream-endpoint <host:port>",
    group: "Backend:",
    help: "where AnyServe streams, if not at its endpoint or 100 ports above",
    path: ["backends", "anyserve", "stream_endpoint"],
    needs: "needs --anyserve-endpoint",
  },
  {
    flag: "--dialect <name>",
    group: "Backend:",
    help: "how the server lays out its tensors: vllm, trtllm, llmapi, dynamo, mlserver, ovms, generic",
    standard: "auto",
    path: ["backends", "kserve*", "dialect"],
    needs: "needs --kserve-endpoint",
  },
  {
    flag: "--chat-template <name|file>",
    group: "Backend:",
    help: "how messages become a prompt: chatml, llama3, ..., or a tokenizer_config.json or .jinja file",
    path: ["backends", "*", "template"],
    kind: "template",
    needs: needsEndpoint,
  },
  {
    flag: "--tool-parser <name>",
    group: "Backend:",
    help: "how the model writes tool calls; auto goes by the template",
    standard: "auto",
    path: ["backends", "*", "tool_parser"],
    needs: needsEndpoint,
  },
  {
    flag: "--reasoning-parser <name>",
    group: "Backend:",
    help: "how the model marks its reasoning; auto goes by the template",
    standard: "auto",
    path: ["backends", "*", "reasoning_parser"],
    needs: needsEndpoint,
  },
  {
    flag: "--tls",
    group: "Backend:",
    help: "reach the model server by TLS; the next four do so as well",
    path: ["backends", "*", "tls"],
    kind: "switch",
    needs: needsEndpoint,
  },
  {
    flag: "--tls-ca <file>",
    group: "Backend:",
    help: "authorities that may have signed the server's certificate, in PEM, instead of the usual ones",
    path: ["backends", "*", "tls", "ca_file"],
    needs: needsEndpoint,
  },
  {
    flag: "--tls-cert <file>",
    group: "Backend:",
    help: "certificate to show to the server, in PEM",
    path: ["backends", "*", "tls", "cert_file"],
    needs: needsEndpoint,
  },
  {
    flag: "--tls-key <file>",
    group: "Backend:",
    help: "its key, in PEM",
    path: ["backends", "*", "tls", "key_file"],
    needs: needsEndpoint,
  },
  {
    flag: "--tls-server-name <name>",
    group: "Backend:",
    help: "name in the server's certificate, if it is not the host",
    path: ["backends", "*", "tls", "server_name"],
    needs: needsEndpoint,
  },
  {
    flag: "--openai-base-url <url>",
    group: "Backend:",
    help: "a server that speaks the OpenAI API, such as http://localhost:8000/v1",
    path: ["backends", "openai", "base_url"],
  },
  {
    flag: "--openai-provider <name>",
    group: "Backend:",
    help: "who runs it: openai, gemini, anthropic, mistral, ollama, ...; gives the address and the key's variable",
    path: ["backends", "openai", "provider"],
  },
  {
    flag: "--openai-api-key-env <variable>",
    group: "Backend:",
    help: "environment variable that holds the key for it",
    path: ["backends", "openai", "api_key_env"],
    needs: needsOpenAI,
  },
  {
    flag: "--demo-delay <duration>",
    group: "Backend:",
    help: "pause between the tokens of the demo model",
    standard: "20ms",
    path: ["backends", "demo", "delay_ms"],
    kind: "milliseconds",
    needs: "is for the demo model, which answers only when no other backend is configured",
  },
];
