/** What a newcomer can try next, in Markdown. The address is the server's default one. */
export const hints = `What to try next:

- Stream this answer token by token:

  \`\`\`sh
  curl -N http://localhost:8080/v1/chat/completions \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'
  \`\`\`

- Let it call a tool: add \`tools\`, then send the tool's result back in a message with the role \`tool\`.
- Get JSON: add \`"response_format": {"type": "json_object"}\`, or \`json_schema\` with a schema of yours.
- Cut it short with \`max_tokens\` or \`stop\`; get several answers with \`n\`.
- Read the API's documentation at [/docs](/docs).
- Serve a real model: \`oai-serve --anyserve-endpoint HOST:PORT\`.`;
