/** What matters of a `ModelInferRequest`. */
export interface InferRequest {
  /** "" for a message without fields. */
  modelName: string;
  /** False for a message with nothing but a name, as questions about a model are. */
  hasInputs: boolean;
  /** All of the message's text. */
  text: string;
}

export function decodeRequest(body: Buffer): InferRequest {
  const message = body.subarray(5);
  // Every serialiser writes field 1, `model_name`, first. Names are shorter than 128 bytes.
  const length = message[0] === 0x0a ? (message[1] ?? 0) : 0;
  return {
    modelName: message.toString("latin1", 2, 2 + length),
    hasInputs: message.length > 2 + length,
    text: message.toString("latin1", 2 + length),
  };
}
