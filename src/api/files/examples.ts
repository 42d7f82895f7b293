const file = {
  id: "file-3Zs8KqV1mWcXo5JtY7RbN2dE",
  object: "file",
  bytes: 147,
  created_at: 1763600000,
  expires_at: 1766192000,
  filename: "requests.jsonl",
  purpose: "batch",
  status: "processed",
};

export const fileExamples = {
  requests: {
    batch: {
      summary: "The input of a batch",
      value: {
        purpose: "batch",
        file: '{"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "demo", "messages": [{"role": "user", "content": "Hi"}]}}',
      },
    },
  },
  file,
  list: { object: "list", data: [file], first_id: file.id, last_id: file.id, has_more: false },
  deleted: { id: file.id, object: "file", deleted: true },
};
