/** The tools that every agent may name without any configuration. */
export const builtInTools = [
  "calculator",
  "current_time",
  "file_read",
  "http_request",
  "json_validator",
] as const;
