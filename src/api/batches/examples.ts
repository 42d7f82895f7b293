const batch = {
  id: "batch_7Qk2mZr9VxT4cYb1Nf8LpWd3HsGj6Ea0",
  object: "batch",
  endpoint: "/v1/chat/completions",
  model: "demo",
  input_file_id: "file-3Zs8KqV1mWcXo5JtY7RbN2dE",
  completion_window: "24h",
  status: "completed",
  output_file_id: "file-9Lp4XwB7nQeRt2VuZ6KcJ1aS",
  created_at: 1763600000,
  expires_at: 1763686400,
  in_progress_at: 1763600001,
  finalizing_at: 1763600004,
  completed_at: 1763600004,
  request_counts: { total: 2, completed: 2, failed: 0 },
  usage: {
    input_tokens: 18,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 64,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 82,
  },
  metadata: { team: "research" },
};

const {
  output_file_id: _o,
  in_progress_at: _i,
  finalizing_at: _f,
  completed_at: _c,
  model: _m,
  ...made
} = batch;
const nothing = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
};

export const batchExamples = {
  requests: {
    simple: {
      summary: "Ask what is in a file",
      value: {
        input_file_id: batch.input_file_id,
        endpoint: batch.endpoint,
        completion_window: "24h",
        metadata: batch.metadata,
      },
    },
  },
  made: {
    ...made,
    status: "validating",
    request_counts: { total: 0, completed: 0, failed: 0 },
    usage: nothing,
  },
  batch,
  cancelling: { ...made, status: "cancelling", cancelling_at: 1763600002, usage: nothing },
  list: { object: "list", data: [batch], first_id: batch.id, last_id: batch.id, has_more: false },
};
