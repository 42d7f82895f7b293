export const embeddingExamples = {
  requests: {
    simple: { summary: "One text", value: { model: "embedder", input: "The food was delicious." } },
    several: {
      summary: "Two texts, in base64",
      value: { model: "embedder", input: ["red", "blue"], encoding_format: "base64" },
    },
  },
  response: {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.5, -1, 2, 0.25] }],
    model: "embedder",
    usage: { prompt_tokens: 5, total_tokens: 5 },
  },
};
