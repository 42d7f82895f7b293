const id = "conv_8zQm1tJ4hK7yXc2Rb9Vn5sLd";

const item = {
  id: "msg_67c9fdcf37fc8190ba82116e33fb28c507b8b0ad4e5eb6d4",
  type: "message",
  role: "user",
  status: "completed",
  content: [{ type: "input_text", text: "Hello!" }],
};

export const conversationExamples = {
  id,
  item,
  conversation: { id, object: "conversation", created_at: 1763600000, metadata: { topic: "demo" } },
  deleted: { id, object: "conversation.deleted", deleted: true },
  list: { object: "list", data: [item], first_id: item.id, last_id: item.id, has_more: false },
  created: {
    begun: {
      summary: "With a first message",
      value: {
        metadata: { topic: "demo" },
        items: [{ type: "message", role: "user", content: "Hello!" }],
      },
    },
  },
  updated: { topic: { summary: "A topic", value: { metadata: { topic: "demo" } } } },
  added: {
    message: {
      summary: "One message",
      value: { items: [{ type: "message", role: "user", content: "Hello!" }] },
    },
  },
};
