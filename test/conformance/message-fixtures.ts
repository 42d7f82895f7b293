/** Blocks and tools of the requests that the tests of messages make. */
export const image = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" },
};
export const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };
export const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
export const look = { name: "look", description: "Looks.", input_schema: schema };
export const search = { type: "web_search_20250305", name: "web_search" };
export const text = (value: string) => ({ type: "text", text: value });
export const user = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
